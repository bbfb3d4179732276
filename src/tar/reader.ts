import { invalid } from '#errdefs';
import type { EntryType, Segment, TarEntry, TarLimits } from './entry.ts';
import { DEFAULT_LIMITS } from './entry.ts';
import type { Header } from './header.ts';
import { BLOCK, decodeHeader, entryType, isZero } from './header.ts';
import { malformed } from './number.ts';
import type { Overrides } from './overrides.ts';
import { applyPax, complete } from './overrides.ts';
import { decodePax } from './pax.ts';
import { ByteSource } from './source.ts';
import { checkSegments, readNewMap, readOldMap } from './sparse.ts';

/**
 * Reads an archive entry by entry. After {@link next} gave one, {@link read} gives its content; what is not read is
 * passed over. Reads the formats v7, ustar, star, GNU and PAX; everything held in memory is bounded by the limits.
 */
export class TarReader {
  readonly #source: ByteSource;
  readonly #limits: TarLimits;
  #headers = 0;
  #entries = 0;
  #ended = false;
  /** Stored bytes of the current entry not read yet, and the padding behind them. */
  #left = 0;
  #padding = 0;
  #segments: readonly Segment[] = [];
  #segment = 0;
  /** Bytes of the current stretch read so far. */
  #done = 0;
  #offset = 0;

  constructor(chunks: AsyncIterable<Buffer>, limits: Partial<TarLimits> = {}) {
    this.#source = new ByteSource(chunks);
    this.#limits = { ...DEFAULT_LIMITS, ...limits };
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<TarEntry> {
    for (let entry = await this.next(); entry; entry = await this.next()) yield entry;
  }

  /** The next entry, or undefined at the end of the archive. Throws invalid-argument on a malformed or cut-off one. */
  async next(): Promise<TarEntry | undefined> {
    await this.#finishBody();
    const over: Overrides = { xattrs: [] };
    for (;;) {
      const block = this.#ended ? undefined : (this.#source.ready(BLOCK) ?? (await this.#source.exactly(BLOCK)));
      if (!block || isZero(block)) return this.#end(block !== undefined);
      if (++this.#headers > 4 * this.#limits.entries) throw invalid('the archive has too many headers');
      const header = decodeHeader(block);
      if (await this.#readMeta(header, over)) continue;
      if (++this.#entries > this.#limits.entries) {
        throw invalid(`the archive has more than ${this.#limits.entries} entries`);
      }
      return this.#open(header, block, over);
    }
  }

  /** The next piece of the current entry's content, or undefined at its end; {@link offset} is where it belongs. */
  async read(): Promise<Buffer | undefined> {
    if (this.#left === 0) return undefined;
    const segment = this.#segments[this.#segment]!;
    const want = segment.offset + segment.length - this.#position();
    const piece =
      this.#source.ready(Math.min(want, this.#left)) ?? (await this.#source.some(Math.min(want, this.#left)));
    if (!piece) throw invalid('unexpected EOF');
    this.#offset = this.#position();
    this.#done += piece.length;
    this.#left -= piece.length;
    if (piece.length === want) {
      this.#segment++;
      this.#done = 0;
    }
    return piece;
  }

  #position(): number {
    return this.#segments[this.#segment]!.offset + this.#done;
  }

  /** Where in the file the piece that {@link read} gave last belongs, in bytes. */
  get offset(): number {
    return this.#offset;
  }

  /** Reads what follows the end of the archive, so that a digest of the stream covers all of it. */
  async drain(): Promise<void> {
    await this.#source.drain();
  }

  async #finishBody(): Promise<void> {
    const [left, padding] = [this.#left, this.#padding];
    this.#left = 0;
    this.#padding = 0;
    if (left > 0 && !this.#source.ready(left)) await this.#source.skip(left);
    if (padding === 0 || this.#source.ready(padding)) return;
    // Docker: an archive may end within the padding of its last entry.
    for (let rest = padding; rest > 0; ) {
      const piece = await this.#source.some(rest);
      if (!piece) return;
      rest -= piece.length;
    }
  }

  /** One zero block is followed by another or by nothing. */
  async #end(zero: boolean): Promise<undefined> {
    const wasEnded = this.#ended;
    this.#ended = true;
    if (!zero || wasEnded) return undefined;
    const second = await this.#source.exactly(BLOCK);
    if (second && !isZero(second)) throw malformed('data after a zero block');
    return undefined;
  }

  /** Takes in a header that speaks of the next entry; false when this is an entry itself. */
  async #readMeta(header: Header, over: Overrides): Promise<boolean> {
    const { flag } = header;
    if (flag !== 'x' && flag !== 'g' && flag !== 'L' && flag !== 'K') return false;
    const { size } = header;
    if (size < 0 || size > this.#limits.paxBytes) throw malformed(`an extended header of ${size} bytes`);
    const body = size === 0 ? Buffer.alloc(0) : await this.#source.exactly(size);
    if (!body) throw invalid('unexpected EOF');
    await this.#source.skip(padding(size));
    // Docker: global PAX headers (git's commit id) are passed over, not applied.
    if (flag === 'x') applyPax(decodePax(body), over);
    else if (flag === 'L') over.name = cString(body);
    else if (flag === 'K') over.linkName = cString(body);
    return true;
  }

  async #open(header: Header, block: Buffer, over: Overrides): Promise<TarEntry> {
    const entry = complete(header, over);
    const type = entryType(header.flag, entry.name);
    for (const name of [entry.name, entry.linkName]) {
      if (name.length > this.#limits.nameBytes)
        throw invalid(`a name in the archive is longer than ${this.#limits.nameBytes} bytes`);
    }
    // A directory marked only by the slash of its name may have content, which is passed over.
    const content = hasContent(entryType(header.flag, EMPTY));
    const stored = content ? (over.size ?? header.size) : 0;
    if (stored < 0) throw malformed('a negative size');
    const { size, sparse, data } = content ? await this.#layout(header, block, over, stored) : NOTHING;
    this.#left = data;
    this.#padding = padding(stored);
    this.#segments = sparse ?? [{ offset: 0, length: data }];
    this.#segment = 0;
    this.#done = 0;
    return { type, flag: header.flag, ...entry, size: hasContent(type) ? size : 0, ...(sparse && { sparse }) };
  }

  /** Where the stored bytes belong in the file: its size, its stretches when it is sparse, and the bytes still to come. */
  async #layout(header: Header, block: Buffer, over: Overrides, stored: number) {
    const limit = this.#limits.segments;
    if (header.flag === 'S') {
      const { size, map } = await readOldMap(Buffer.from(block), this.#source, limit);
      return { size, sparse: checkSegments(map, size, stored), data: stored };
    }
    if (!over.sparse) return { size: stored, data: stored };
    const { inline, map: listed = [] } = over.sparse;
    if (listed.length > limit) throw malformed('a sparse map is too long');
    const { map, taken } = inline ? await readNewMap(this.#source, stored, limit) : { map: listed, taken: 0 };
    const size = over.sparse.size ?? stored;
    return { size, sparse: checkSegments(map, size, stored - taken), data: stored - taken };
  }
}

const hasContent = (type: EntryType): boolean => type === 'file' || type === 'other';

const EMPTY = Buffer.alloc(0);
const NOTHING = { size: 0, sparse: undefined, data: 0 };

const padding = (size: number): number => (BLOCK - (size % BLOCK)) % BLOCK;

function cString(body: Buffer): Buffer {
  const end = body.indexOf(0);
  return Buffer.from(end < 0 ? body : body.subarray(0, end));
}
