import type { Directive } from '../ast.ts';
import { refuse } from '../dockerfile-error.ts';

const KNOWN = ['syntax', 'escape', 'check'];

/** Reads the directives that begin a file, line by line; the first line that is none ends them. */
export class DirectiveReader {
  readonly #pattern: RegExp;
  readonly #seen = new Set<string>();
  #line: number;
  #isDone = false;

  constructor(comment: '#' | '//' = '#', linesBefore = 0) {
    this.#pattern = new RegExp(`^${comment}\\s*([a-zA-Z][a-zA-Z0-9]*)\\s*=\\s*(\\S(?:.*\\S)?)\\s*$`, 'u');
    this.#line = linesBefore;
  }

  read(line: string): Directive | undefined {
    this.#line++;
    if (this.#isDone) return undefined;
    const [, key, value] = this.#pattern.exec(line) ?? [];
    const name = key?.toLowerCase() ?? '';
    if (!KNOWN.includes(name)) {
      this.#isDone = true;
      return undefined;
    }
    if (this.#seen.has(name)) refuse(`only one ${name} parser directive can be used`);
    this.#seen.add(name);
    return { name: name as Directive['name'], value: value!, lines: { first: this.#line, last: this.#line } };
  }
}

/** The value of a directive, wherever the text allows one: after a byte order mark and a `#!` line too. */
export function findDirective(name: Directive['name'], source: string): Directive | undefined {
  const { body, linesBefore } = withoutShebang(source);
  return readAll(new DirectiveReader('#', linesBefore), body).find((directive) => directive.name === name);
}

/** Which frontend a file asks for: also `// syntax=…` and `{"syntax": "…"}`, in languages of other frontends. */
export function detectSyntax(source: string): string | undefined {
  const { body, linesBefore } = withoutShebang(source);
  for (const comment of ['#', '//'] as const) {
    const found = readAll(new DirectiveReader(comment, linesBefore), body).find(({ name }) => name === 'syntax');
    if (found) return found.value.split(' ', 1)[0];
  }
  return syntaxInJson(body);
}

function syntaxInJson(body: string): string | undefined {
  if (!/^\s*\{/.test(body)) return undefined;
  try {
    const document: unknown = JSON.parse(body);
    const syntax = document && typeof document === 'object' ? Reflect.get(document, 'syntax') : undefined;
    return typeof syntax === 'string' ? syntax : undefined;
  } catch {
    return undefined;
  }
}

function withoutShebang(source: string): { body: string; linesBefore: number } {
  const text = source.replace(/^\uFEFF/, '');
  if (!text.startsWith('#!')) return { body: text, linesBefore: 0 };
  const end = text.indexOf('\n');
  return { body: end < 0 ? '' : text.slice(end + 1), linesBefore: 1 };
}

function readAll(reader: DirectiveReader, text: string): Directive[] {
  const found: Directive[] = [];
  try {
    for (let from = 0; from < text.length; ) {
      const end = text.indexOf('\n', from);
      const directive = reader.read(text.slice(from, end < 0 ? undefined : end).replace(/\r$/, ''));
      if (!directive) break;
      found.push(directive);
      if (end < 0) break;
      from = end + 1;
    }
  } catch {
    // A second one of a name: the first counts here, and parsing refuses it.
  }
  return found;
}
