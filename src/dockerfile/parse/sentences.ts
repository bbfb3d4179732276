import type { Directive, Escape, Heredoc } from '../ast.ts';
import { blaming, DockerfileError, refuse } from '../dockerfile-error.ts';
import type { Report } from '../finding.ts';
import { trim, trimStart } from '../white-space.ts';
import { DirectiveReader } from './directives.ts';
import type { HeredocHead } from './heredoc.ts';
import { heredocHeads } from './heredoc.ts';
import { LINE_TOO_LONG, LineReader, withoutLineFeed } from './lines.ts';
import type { Sentence, Statement } from './statement.ts';
import { parseStatement } from './statement.ts';

const CONTINUATION: Readonly<Record<Escape, RegExp>> = {
  '\\': /(^|[^\\])\\[ \t]*$/,
  '`': /(^|[^`])`[ \t]*$/,
};

/** What a text says, sentence by sentence: lines joined, comments and directives taken out, heredocs read. */
export interface Sentences {
  readonly escapeToken: Escape;
  readonly directives: readonly Directive[];
  readonly sentences: readonly Sentence[];
}

export function readSentences(text: string, report: Report): Sentences {
  return new SentenceReader(text, report).readAll();
}

class SentenceReader {
  readonly #lines: LineReader;
  readonly #report: Report;
  readonly #directiveReader = new DirectiveReader();
  readonly #directives: Directive[] = [];
  readonly #emptyContinuations: number[] = [];
  #escape: Escape = '\\';
  #comments: string[] = [];

  constructor(text: string, report: Report) {
    this.#lines = new LineReader(text.replace(/^\uFEFF/, ''));
    this.#report = report;
  }

  readAll(): Sentences {
    const sentences: Sentence[] = [];
    for (let line = this.#lines.next(); line !== undefined; line = this.#lines.next()) {
      const sentence = this.#sentence(line);
      if (sentence) sentences.push(sentence);
    }
    const end = { first: this.#lines.count, last: this.#lines.count };
    if (sentences.length === 0) throw new DockerfileError('file with no instructions', [end]);
    if (this.#lines.isCut) throw new DockerfileError(LINE_TOO_LONG, [end]);
    for (const line of this.#emptyContinuations) {
      this.#report({
        rule: 'NoEmptyContinuation',
        lines: { first: line, last: line },
        detail: 'Empty continuation line',
      });
    }
    return { escapeToken: this.#escape, directives: this.#directives, sentences };
  }

  #sentence(raw: string): Sentence | undefined {
    const line = trimStart(withoutLineFeed(raw));
    this.#readDirective(line, raw);
    const first = this.#lines.count;
    const start = isComment(line) ? '' : line;
    const joined = this.#join(start);
    if (joined === '' && !this.#isContinued(start)) return undefined;
    const at = () => ({ first, last: this.#lines.count });
    const statement = blaming(at(), () => parseStatement(joined, this.#escape));
    const heredocs = this.#heredocs(statement, joined, first);
    const comments = this.#comments;
    this.#comments = [];
    return { ...statement, heredocs, comments, lines: at() };
  }

  #readDirective(line: string, raw: string): void {
    const at = { first: this.#lines.count - 1, last: this.#lines.count - 1 };
    const directive = blaming(at, () => this.#directiveReader.read(line));
    if (!directive) {
      if (isComment(line)) this.#note(trim(withoutLineFeed(raw).slice(1)));
      return;
    }
    this.#directives.push(directive);
    if (directive.name !== 'escape') return;
    const { value } = directive;
    if (value !== '\\' && value !== '`') {
      blaming(at, () => refuse(`invalid escape token '${value}' does not match \` or \\`));
    }
    this.#escape = value as Escape;
  }

  #note(comment: string): void {
    if (comment === '') this.#comments = [];
    else this.#comments.push(comment);
  }

  #isContinued(line: string): boolean {
    return CONTINUATION[this.#escape].test(line);
  }

  /** The line and those that continue it, whose comments are dropped. */
  #join(start: string): string {
    const pieces: string[] = [];
    let hasEmptyLine = false;
    let line: string | undefined = start;
    for (;;) {
      const end = CONTINUATION[this.#escape].exec(line);
      pieces.push(end ? line.slice(0, end.index + end[1]!.length) : line);
      if (!end) break;
      line = this.#continuation(() => (hasEmptyLine = true));
      if (line === undefined) break;
    }
    if (hasEmptyLine) this.#emptyContinuations.push(this.#lines.count);
    return pieces.join('');
  }

  #continuation(onEmpty: () => void): string | undefined {
    for (let raw = this.#lines.next(); raw !== undefined; raw = this.#lines.next()) {
      const line = withoutLineFeed(raw);
      if (isComment(line)) continue;
      if (trimStart(line) !== '') return line;
      onEmpty();
    }
    return undefined;
  }

  #heredocs(statement: Statement, line: string, first: number): Heredoc[] {
    if (!line.includes('<<') || !mayHoldHeredocs(statement)) return [];
    const heads = blaming({ first, last: this.#lines.count }, () => heredocHeads(line));
    return heads.map((head) => ({ ...head, content: this.#body(head, first) }));
  }

  #body({ name, chomp }: HeredocHead, first: number): string {
    const body: string[] = [];
    for (let line = this.#lines.next(); line !== undefined; line = this.#lines.next()) {
      const bare = withoutLineFeed(line);
      if ((chomp ? bare.replace(/^\t+/, '') : bare) === name) return body.join('');
      body.push(line);
    }
    throw new DockerfileError('unterminated heredoc', [{ first, last: this.#lines.count }]);
  }
}

function isComment(line: string): boolean {
  return trimStart(line).startsWith('#');
}

function mayHoldHeredocs(statement: Statement): boolean {
  const { keyword, isJson } = statement.trigger ?? statement;
  return ['ADD', 'COPY', 'RUN'].includes(keyword.toUpperCase()) && !isJson;
}
