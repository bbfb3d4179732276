import type { Lines } from '#dockerfile';
import type { SourceExcerpt } from './events.ts';

/** The place in a Dockerfile that a message is about. */
export function excerptOf(filename: string, data: Uint8Array, lines: readonly Lines[]): SourceExcerpt {
  const ranges = lines.map(({ first, last }) => ({
    start: { line: first, character: 0 },
    end: { line: last, character: 0 },
  }));
  return { filename, data, ranges };
}
