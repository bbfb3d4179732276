/** Docker's longest line. */
const LONGEST_LINE = 65535;

/** The lines of a text one by one, each with its line feed, as Go's scanner gives them. */
export class LineReader {
  readonly #text: string;
  #at = 0;
  /** How many lines were taken. */
  count = 0;
  /** A line was too long; the text ends before it. */
  isCut = false;

  constructor(text: string) {
    this.#text = text;
  }

  next(): string | undefined {
    if (this.isCut || this.#at >= this.#text.length) return undefined;
    const feed = this.#text.indexOf('\n', this.#at);
    const end = feed < 0 ? this.#text.length : feed + 1;
    const line = this.#text.slice(this.#at, end);
    if (isTooLong(line)) {
      this.isCut = true;
      return undefined;
    }
    this.#at = end;
    this.count++;
    return line;
  }
}

function isTooLong(line: string): boolean {
  if (line.length * 3 <= LONGEST_LINE) return false;
  return Buffer.byteLength(line.endsWith('\n') ? line.slice(0, -1) : line) > LONGEST_LINE;
}

export const LINE_TOO_LONG = `dockerfile line greater than max allowed size of ${LONGEST_LINE}`;

export function withoutLineFeed(line: string): string {
  let end = line.length;
  while (end > 0 && (line[end - 1] === '\n' || line[end - 1] === '\r')) end--;
  return line.slice(0, end);
}
