import { fstatSync, writev, writevSync } from 'node:fs';

type Descriptor = 1 | 2;

const mostWaiting = 1 << 20;

/**
 * Writes pieces to standard output and standard error in the order given, without copying them. What cannot block (files,
 * /dev/null) is written at once; what can (pipes, terminals) off the event loop, so that signals and stdin go on.
 */
export class Outputs {
  readonly #direct = new Map<Descriptor, boolean>();
  #waiting: { fd: Descriptor; pieces: Uint8Array[] }[] = [];
  #bytes = 0;
  #writing = false;
  #failure: Error | undefined;
  #room: (() => void) | undefined;
  #idle: (() => void)[] = [];

  /** Takes pieces for one descriptor; answers false when so much waits that the source should pause until `onRoom`. */
  write(fd: Descriptor, pieces: Uint8Array[]): boolean {
    if (!this.#writing && this.#waiting.length === 0 && this.#isDirect(fd)) {
      writeNow(fd, pieces);
      return true;
    }
    const last = this.#waiting.at(-1);
    if (last?.fd === fd) last.pieces.push(...pieces);
    else this.#waiting.push({ fd, pieces: [...pieces] });
    for (const piece of pieces) this.#bytes += piece.length;
    if (!this.#writing) this.#next();
    return this.#bytes < mostWaiting;
  }

  /** Calls back whenever there is room again. */
  onRoom(callback: () => void): void {
    this.#room = callback;
  }

  /** Settles when everything has been written. */
  flush(): Promise<void> {
    if (!this.#writing) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  #isDirect(fd: Descriptor): boolean {
    let direct = this.#direct.get(fd);
    if (direct === undefined) {
      const stat = fstatSync(fd);
      const isMemoryDevice = stat.isCharacterDevice() && stat.rdev >> 8 === 1;
      direct = stat.isFile() || isMemoryDevice;
      this.#direct.set(fd, direct);
    }
    return direct;
  }

  #next(): void {
    const first = this.#waiting.shift();
    if (!first || this.#failure) {
      this.#writing = false;
      this.#waiting = [];
      this.#bytes = 0;
      for (const resolve of this.#idle.splice(0)) resolve();
      this.#room?.();
      return;
    }
    this.#writing = true;
    this.#writeOut(first.fd, first.pieces);
  }

  #writeOut(fd: Descriptor, pieces: Uint8Array[]): void {
    writev(fd, pieces, (error, written) => {
      if (error?.code === 'EAGAIN') {
        setTimeout(() => this.#writeOut(fd, pieces), 1);
        return;
      }
      if (error) {
        this.#failure = error;
        if (error.code === 'EPIPE') process.exitCode = 141;
        this.#next();
        return;
      }
      this.#bytes -= written;
      const rest = after(pieces, written);
      if (rest.length > 0) this.#writeOut(fd, rest);
      else this.#next();
      if (this.#bytes < mostWaiting / 2) this.#room?.();
    });
  }
}

function writeNow(fd: Descriptor, pieces: Uint8Array[]): void {
  for (let rest = pieces; rest.length > 0; ) rest = after(rest, writevSync(fd, rest));
}

function after(pieces: Uint8Array[], written: number): Uint8Array[] {
  let left = written;
  for (const [at, piece] of pieces.entries()) {
    if (left < piece.length) return [piece.subarray(left), ...pieces.slice(at + 1)];
    left -= piece.length;
  }
  return [];
}
