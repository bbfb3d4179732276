/** The kinds of token that a template is made of. */
export type TokenKind =
  | 'text'
  | 'open'
  | 'close'
  | 'keyword'
  | 'field'
  | 'variable'
  | 'name'
  | 'string'
  | 'number'
  | 'char'
  | 'bool'
  | 'dot'
  | 'nil'
  | 'pipe'
  | 'declare'
  | 'assign'
  | 'comma'
  | 'lparen'
  | 'rparen'
  | 'space'
  | 'eof';

/** One token with its byte offset and line. */
export interface Token {
  kind: TokenKind;
  text: string;
  pos: number;
  line: number;
}

/** A fault in the template's text: what Go's parser would say. */
export class TemplateSyntaxError extends Error {
  constructor(line: number, message: string) {
    super(`template: :${line}: ${message}`);
  }
}

const keywords = new Set(['if', 'else', 'end', 'range', 'with', 'define', 'template', 'block', 'break', 'continue']);

/** Cuts a template into tokens as Go's text/template does, trim markers applied. */
export function lex(source: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  let line = 1;
  let trimNext = false;
  const add = (kind: TokenKind, text: string, pos: number) => {
    tokens.push({ kind, text, pos, line });
    line += text.split('\n').length - 1;
  };
  while (at < source.length) {
    const open = source.indexOf('{{', at);
    const end = open < 0 ? source.length : open;
    let text = source.slice(at, end);
    const raw = text;
    if (trimNext) text = text.replace(/^[ \t\r\n]+/, '');
    const trimsLeft = open >= 0 && /^-[ \t\r\n]/.test(source.slice(open + 2, open + 4));
    if (trimsLeft) text = text.replace(/[ \t\r\n]+$/, '');
    if (text) tokens.push({ kind: 'text', text, pos: at, line });
    line += raw.split('\n').length - 1;
    if (open < 0) break;
    trimNext = false;
    at = open + 2 + (trimsLeft ? 2 : 0);
    const comment = /^\/\*[\s\S]*?\*\/(\s-)?\}\}/.exec(source.slice(at));
    if (comment) {
      trimNext = comment[1] !== undefined;
      line += comment[0].split('\n').length - 1;
      at += comment[0].length;
      continue;
    }
    if (source.startsWith('/*', at)) throw new TemplateSyntaxError(line, 'unclosed comment');
    add('open', '{{', open);
    [at, trimNext] = lexAction(source, at, line, add);
  }
  tokens.push({ kind: 'eof', text: '', pos: source.length, line });
  return tokens;
}

const patterns: [TokenKind, RegExp][] = [
  ['space', /[ \t\r\n]+/y],
  ['string', /"(?:\\.|[^"\\\n])*"/y],
  ['string', /`[^`]*`/y],
  ['char', /'(?:\\.[^']*|[^'\\\n])'/y],
  ['number', /[+-]?(?:0[xXbBoO][\da-fA-F_]+|\d[\d_]*(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)/y],
  ['field', /\.[\p{L}_][\p{L}\p{Nd}_]*/uy],
  ['dot', /\./y],
  ['variable', /\$[\p{L}\p{Nd}_]*/uy],
  ['name', /[\p{L}_][\p{L}\p{Nd}_]*/uy],
  ['declare', /:=/y],
  ['assign', /=/y],
  ['pipe', /\|/y],
  ['comma', /,/y],
  ['lparen', /\(/y],
  ['rparen', /\)/y],
];

type Add = (kind: TokenKind, text: string, pos: number) => void;

function lexAction(source: string, from: number, line: number, add: Add): [number, boolean] {
  let at = from;
  let depth = 0;
  for (;;) {
    const trim = /[ \t\r\n]-\}\}/y;
    trim.lastIndex = at;
    if (trim.test(source) || source.startsWith('}}', at)) {
      if (depth > 0) throw new TemplateSyntaxError(line, 'unclosed left paren');
      const trims = !source.startsWith('}}', at);
      add('close', '}}', at);
      return [at + (trims ? 4 : 2), trims];
    }
    const [kind, text] = nextToken(source, at, line);
    if (kind === 'lparen') depth += 1;
    if (kind === 'rparen' && --depth < 0) throw new TemplateSyntaxError(line, 'unexpected right paren');
    add(kind, text, at);
    at += text.length;
  }
}

function nextToken(source: string, at: number, line: number): [TokenKind, string] {
  for (const [kind, pattern] of patterns) {
    pattern.lastIndex = at;
    const found = pattern.exec(source);
    if (!found) continue;
    const words = kind === 'name' || kind === 'field' || kind === 'variable';
    if (words) checkTerminator(source, pattern.lastIndex, line);
    return [kind === 'name' ? nameKind(found[0]) : kind, found[0]];
  }
  if (at >= source.length) throw new TemplateSyntaxError(line, 'unclosed action');
  if (source[at] === '"') throw new TemplateSyntaxError(line, 'unterminated quoted string');
  if (source[at] === '`') throw new TemplateSyntaxError(line, 'unterminated raw quoted string');
  if (source[at] === "'") throw new TemplateSyntaxError(line, 'unterminated character constant');
  throw new TemplateSyntaxError(line, `unexpected ${codePoint(source, at)} in command`);
}

// What may follow a name: a blank, the end, or one of these.
function checkTerminator(source: string, at: number, line: number): void {
  if (at >= source.length || source.startsWith('}}', at) || /[\s.,|:()]/.test(source[at] ?? '')) return;
  throw new TemplateSyntaxError(line, `bad character ${codePoint(source, at)}`);
}

function codePoint(source: string, at: number): string {
  const code = source.codePointAt(at) as number;
  return `U+${code.toString(16).toUpperCase().padStart(4, '0')} '${String.fromCodePoint(code)}'`;
}

function nameKind(text: string): TokenKind {
  if (keywords.has(text)) return 'keyword';
  if (text === 'true' || text === 'false') return 'bool';
  return text === 'nil' ? 'nil' : 'name';
}
