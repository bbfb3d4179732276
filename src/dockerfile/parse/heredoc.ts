import type { Heredoc } from '../ast.ts';
import { DockerfileError } from '../dockerfile-error.ts';
import { expandWord } from '../expand/lex.ts';
import { NOTHING_SET } from '../expand/lookup.ts';

export type HeredocHead = Omit<Heredoc, 'content'>;

/** The heredocs that a line begins, in order. A line that cannot be read as words has none. */
export function heredocHeads(line: string): HeredocHead[] {
  let words: readonly string[];
  try {
    words = expandWord(line, NOTHING_SET, { rawQuotes: true, rawEscapes: true, keepUnset: true }).words;
  } catch (error) {
    if (error instanceof DockerfileError) return [];
    throw error;
  }
  return words.flatMap((word) => heredocHead(word) ?? []);
}

/** What one word says of a heredoc: `2<<-"EOF"`. */
export function heredocHead(word: string): HeredocHead | undefined {
  const [, fileDescriptor = '', dash, delimiter = ''] = /^(\d*)<<(-?)\s*([^<]*)$/.exec(word) ?? [];
  if (delimiter === '') return undefined;
  const bare = expandWord(delimiter, NOTHING_SET, { keepUnset: true }).words;
  const [name] = bare;
  if (name === undefined || bare.length > 1) return undefined;
  const raw = expandWord(delimiter, NOTHING_SET, { keepUnset: true, rawQuotes: true }).words;
  return {
    name,
    fileDescriptor: Number(fileDescriptor),
    expand: quotes(name) === quotes(raw[0] ?? ''),
    chomp: dash === '-',
  };
}

function quotes(word: string): number {
  return word.match(/['"]/g)?.length ?? 0;
}

/** A heredoc whose word the parser has judged; a word that cannot be read is none. */
export function asHeredoc(word: string): HeredocHead | undefined {
  try {
    return heredocHead(word);
  } catch (error) {
    if (error instanceof DockerfileError) return undefined;
    throw error;
  }
}

/** The body of a `<<-` without the tabs that begin its lines. */
export function chomped({ chomp, content }: Pick<Heredoc, 'chomp' | 'content'>): string {
  return chomp ? content.replace(/^\t+/gm, '') : content;
}
