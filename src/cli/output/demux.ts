const headerSize = 8;
const systemError = 3;

/** Receives a run of payload pieces of one stream: 1 stdout, 2 stderr. */
export type StreamSink = (stream: 1 | 2, pieces: Uint8Array[]) => void;

/** Takes Docker's multiplexed stream apart as it comes; payloads are handed on as views. Throws for an error frame. */
export class Demultiplexer {
  readonly #sink: StreamSink;
  readonly #header = Buffer.alloc(headerSize);
  #have = 0;
  #left = 0;
  #stream = 0;
  #error = '';

  constructor(sink: StreamSink) {
    this.#sink = sink;
  }

  push(bytes: Buffer): void {
    let at = 0;
    let pieces: Uint8Array[] = [];
    let current = 0;
    const flush = () => {
      if (pieces.length > 0) this.#sink(current as 1 | 2, pieces);
      pieces = [];
    };
    while (at < bytes.length) {
      if (this.#left === 0) {
        at += this.#readHeader(bytes, at);
        continue;
      }
      const piece = bytes.subarray(at, at + this.#left);
      at += piece.length;
      this.#left -= piece.length;
      if (this.#stream === systemError) {
        this.#error += piece.toString();
        if (this.#left === 0) throw new Error(`error from daemon in stream: ${this.#error}`);
        continue;
      }
      const stream = this.#stream === 2 ? 2 : 1;
      if (stream !== current) flush();
      current = stream;
      pieces.push(piece);
    }
    flush();
  }

  #readHeader(bytes: Buffer, at: number): number {
    const taken = bytes.copy(this.#header, this.#have, at, at + headerSize - this.#have);
    this.#have += taken;
    if (this.#have < headerSize) return taken;
    this.#have = 0;
    this.#stream = this.#header[0] ?? 0;
    if (this.#stream > systemError) throw new Error(`Unrecognized input header: ${this.#stream}`);
    this.#left = this.#header.readUInt32BE(4);
    return taken;
  }
}
