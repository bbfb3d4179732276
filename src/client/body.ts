import { BodyDecoder } from './body-decoder.ts';
import type { Answered } from './connection.ts';
import type { Framing } from './http-head.ts';

/** Takes a piece of body; answers false to be left alone until `resume` is called. */
export type Sink = (piece: Buffer) => boolean | undefined;

const MOST_PIECES = 16;

/** An answer's body: read it once, whole, by pieces or through a sink. Leaving early closes the connection. */
export class Body {
  readonly #answered: Answered;
  readonly #decoder: BodyDecoder;

  constructor(answered: Answered, framing: Framing) {
    this.#answered = answered;
    this.#decoder = new BodyDecoder(framing);
  }

  /** Gives every piece to the sink as it arrives; settles at the end of the body. */
  pump(sink: Sink): Promise<void> {
    const { socket, rest } = this.#answered;
    const decoder = this.#decoder;
    return new Promise((resolve, reject) => {
      const finish = (error?: Error) => {
        socket.destroy();
        if (error) reject(error);
        else resolve();
      };
      const take = (bytes: Buffer) => {
        try {
          for (const piece of decoder.push(bytes)) if (sink(piece) === false) socket.pause();
        } catch (error) {
          finish(error as Error);
          return;
        }
        if (decoder.done) finish();
      };
      socket.on('error', finish);
      socket.on('close', () => (decoder.done ? resolve() : reject(new Error('unexpected EOF'))));
      socket.on('end', () => {
        try {
          decoder.end();
          finish();
        } catch (error) {
          finish(error as Error);
        }
      });
      socket.on('data', take);
      if (decoder.done) finish();
      else if (rest.length > 0) take(rest);
      if (!decoder.done) socket.resume();
    });
  }

  /** The pieces as they come; who takes none lets the daemon wait. */
  async *pieces(): AsyncGenerator<Buffer, void, void> {
    const queue: Buffer[] = [];
    let state: { ended: boolean; error?: Error } = { ended: false };
    let wake = () => {};
    const sink = (piece: Buffer): boolean => {
      queue.push(piece);
      wake();
      return queue.length < MOST_PIECES;
    };
    void this.pump(sink)
      .then(
        () => (state = { ended: true }),
        (error: Error) => (state = { ended: true, error }),
      )
      .then(() => wake());
    try {
      for (;;) {
        for (let piece = queue.shift(); piece; piece = queue.shift()) yield piece;
        if (state.ended) break;
        const more = new Promise<void>((resolve) => (wake = resolve));
        this.resume();
        await more;
      }
      if (state.error) throw state.error;
    } finally {
      this.cancel();
    }
  }

  /** Lets a paused pump go on. */
  resume(): void {
    this.#answered.socket.resume();
  }

  /** Closes the connection without reading on. */
  cancel(): void {
    this.#answered.socket.destroy();
  }

  /** The whole body. */
  async bytes(): Promise<Buffer> {
    const pieces: Buffer[] = [];
    await this.pump((piece) => {
      pieces.push(piece);
      return true;
    });
    return pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces);
  }

  async text(): Promise<string> {
    return (await this.bytes()).toString();
  }

  /** The body's lines as they come, without their newline. */
  async *lines(): AsyncGenerator<string, void, void> {
    const ready: string[] = [];
    let wake: () => void = () => undefined;
    let pending: Buffer[] = [];
    let ended = false;
    let failure: Error | undefined;
    const pumped = this.pump((piece) => {
      let from = 0;
      for (let at = piece.indexOf(10); at >= 0; at = piece.indexOf(10, from)) {
        ready.push(Buffer.concat([...pending, piece.subarray(from, at)]).toString());
        pending = [];
        from = at + 1;
      }
      if (from < piece.length) pending.push(piece.subarray(from));
      wake();
      return ready.length < 1000;
    }).catch((error: Error) => (failure = error));
    pumped.then(() => {
      ended = true;
      wake();
    });
    try {
      for (;;) {
        while (ready.length > 0) yield ready.shift() as string;
        if (ended) break;
        this.resume();
        await new Promise<void>((resolve) => (wake = resolve));
      }
      if (failure) throw failure;
      if (pending.length > 0) yield Buffer.concat(pending).toString();
    } finally {
      this.cancel();
    }
  }
}
