import type { Token, TokenKind } from './lex.ts';
import { lex, TemplateSyntaxError } from './lex.ts';
import type { Command, Expr, Node, Pipe } from './node.ts';
import { goQuote, goUnquote } from './quote.ts';

/** A parsed template: its source, its body and the templates it defines. */
export interface Parsed {
  source: string;
  body: Node[];
  defined: Map<string, Node[]>;
}

/** Parses a template whose functions are `functions`; throws TemplateSyntaxError with Go's text. */
export function parse(source: string, functions: (name: string) => boolean): Parsed {
  const parser = new Parser(source, functions);
  return { source, body: parser.top(), defined: parser.defined };
}

type End = { keyword: 'end' | 'else' | 'eof'; chained?: 'if' | 'with' };

class Parser {
  readonly defined = new Map<string, Node[]>();
  readonly #tokens: Token[];
  readonly #isFunction: (name: string) => boolean;
  readonly #source: string;
  #at = 0;
  #variables: string[] = ['$'];
  #loops = 0;

  constructor(source: string, isFunction: (name: string) => boolean) {
    this.#source = source;
    this.#isFunction = isFunction;
    this.#tokens = lex(source);
  }

  top(): Node[] {
    const [nodes, end] = this.#list();
    if (end.keyword !== 'eof') this.#fail(`unexpected {{${end.keyword}}}`);
    return nodes;
  }

  #list(): [Node[], End] {
    const nodes: Node[] = [];
    for (;;) {
      const token = this.#next();
      if (token.kind === 'eof') return [nodes, { keyword: 'eof' }];
      if (token.kind === 'text') {
        nodes.push({ kind: 'text', text: token.text });
        continue;
      }
      this.#skip();
      if (this.#peek().kind !== 'keyword') {
        nodes.push({ kind: 'action', pipe: this.#pipe('command', 'close') });
        continue;
      }
      const end = this.#keyword(nodes);
      if (end) return [nodes, end];
    }
  }

  #keyword(nodes: Node[]): End | undefined {
    const keyword = this.#next().text;
    switch (keyword) {
      case 'end':
        this.#close('end');
        return { keyword: 'end' };
      case 'else':
        return this.#else();
      case 'if':
      case 'with':
      case 'range':
        nodes.push(this.#control(keyword));
        return undefined;
      case 'break':
      case 'continue':
        if (this.#loops === 0) this.#fail(`{{${keyword}}} outside {{range}}`);
        this.#close(keyword);
        nodes.push({ kind: keyword });
        return undefined;
      default:
        this.#named(keyword, nodes);
        return undefined;
    }
  }

  #else(): End {
    this.#skip();
    const token = this.#peek();
    if (token.kind === 'keyword' && (token.text === 'if' || token.text === 'with')) {
      this.#next();
      return { keyword: 'else', chained: token.text };
    }
    this.#close('else');
    return { keyword: 'else' };
  }

  #control(kind: 'if' | 'with' | 'range'): Node {
    const depth = this.#variables.length;
    const pipe = this.#pipe(kind, 'close');
    if (kind === 'range') this.#loops += 1;
    const [body, end] = this.#list();
    if (kind === 'range') this.#loops -= 1;
    if (end.keyword === 'eof') this.#fail('unexpected EOF');
    let otherwise: Node[] = [];
    if (end.chained) {
      otherwise = [this.#control(end.chained)];
    } else if (end.keyword === 'else') {
      const [nodes, last] = this.#list();
      if (last.keyword === 'eof') this.#fail('unexpected EOF');
      if (last.keyword === 'else') this.#fail('expected end; found {{else}}');
      otherwise = nodes;
    }
    this.#variables.length = depth;
    return { kind, pipe, body, otherwise };
  }

  #named(keyword: string, nodes: Node[]): void {
    this.#skip();
    const token = this.#next();
    if (token.kind !== 'string') this.#unexpected(token, `${keyword} clause`);
    const name = goUnquote(token.text);
    this.#skip();
    const hasPipe = keyword !== 'define' && this.#peek().kind !== 'close';
    const pipe = hasPipe ? this.#pipe(`${keyword} clause`, 'close') : undefined;
    if (!hasPipe) this.#close(keyword);
    if (keyword !== 'template') {
      const saved = this.#variables;
      this.#variables = ['$'];
      const [body, end] = this.#list();
      if (end.keyword !== 'end') this.#fail('unexpected EOF');
      this.#variables = saved;
      this.defined.set(name, body);
    }
    if (keyword !== 'define') nodes.push({ kind: 'template', name, pipe, pos: token.pos });
  }

  #pipe(context: string, end: TokenKind): Pipe {
    this.#skip();
    const start = this.#peek().pos;
    const declared = this.#declarations(context);
    const commands: Command[] = [];
    for (;;) {
      this.#skip();
      const token = this.#next();
      if (token.kind === end) {
        if (commands.length === 0) this.#fail(`missing value for ${context}`);
        break;
      }
      if (token.kind === 'pipe' || token.kind === 'close' || token.kind === 'rparen' || token.kind === 'eof') {
        this.#unexpected(token, context);
      }
      this.#at -= 1;
      commands.push(this.#command());
    }
    for (const command of commands.slice(1)) {
      const first = command.words[0];
      if (first && (first.kind === 'literal' || first.kind === 'dot' || first.kind === 'nil')) {
        this.#fail(`non executable command in pipeline stage ${commands.indexOf(command) + 1}`);
      }
    }
    const text = (declared.text ? `${declared.text} ` : '') + commands.map((command) => command.text).join(' | ');
    this.#variables.push(...declared.fresh);
    return { pos: start, text, variables: declared.names, assigns: declared.assigns, commands };
  }

  #declarations(context: string): { names: string[]; fresh: string[]; assigns: boolean; text: string } {
    const mark = this.#at;
    const names: string[] = [];
    for (;;) {
      this.#skip();
      const token = this.#next();
      if (token.kind !== 'variable') break;
      names.push(token.text);
      this.#skip();
      const sign = this.#next();
      if (sign.kind === 'comma' && context === 'range' && names.length < 2) continue;
      if (sign.kind !== 'declare' && sign.kind !== 'assign') break;
      const assigns = sign.kind === 'assign';
      return { names, fresh: assigns ? [] : names, assigns, text: `${names.join(', ')} ${sign.text}` };
    }
    this.#at = mark;
    return { names: [], fresh: [], assigns: false, text: '' };
  }

  #command(): Command {
    const words: Expr[] = [];
    const pos = this.#peek().pos;
    for (;;) {
      this.#skip();
      const operand = this.#operand();
      if (operand) words.push(operand);
      const token = this.#next();
      if (token.kind === 'space') continue;
      if (token.kind === 'pipe') break;
      if (token.kind === 'close' || token.kind === 'rparen') {
        this.#at -= 1;
        break;
      }
      this.#unexpected(token, 'operand');
    }
    if (words.length === 0) this.#fail('empty command');
    return { pos, text: words.map((word) => word.text).join(' '), words };
  }

  #operand(): Expr | undefined {
    const term = this.#term();
    if (!term || this.#peek().kind !== 'field') return term;
    const names: string[] = [];
    // Go: a chain of fields stands in errors where its second name does.
    const pos = this.#peek().pos;
    while (this.#peek().kind === 'field') names.push(this.#next().text.slice(1));
    const text = `${term.text}.${names.join('.')}`;
    if (term.kind === 'field' || term.kind === 'variable')
      return { ...term, names: [...term.names, ...names], pos, text };
    if (term.kind === 'literal' || term.kind === 'nil' || term.kind === 'dot') {
      this.#fail(`unexpected . after term ${goQuote(term.text)}`);
    }
    return { kind: 'chain', operand: term, names, pos, text };
  }

  #term(): Expr | undefined {
    const token = this.#next();
    const place = { pos: token.pos, text: token.text };
    switch (token.kind) {
      case 'name':
        if (!this.#isFunction(token.text)) this.#fail(`function ${goQuote(token.text)} not defined`);
        return { kind: 'function', name: token.text, ...place };
      case 'dot':
        return { kind: 'dot', ...place };
      case 'nil':
        return { kind: 'nil', ...place };
      case 'variable':
        if (!this.#variables.includes(token.text)) this.#fail(`undefined variable ${goQuote(token.text)}`);
        return { kind: 'variable', names: [token.text], ...place };
      case 'field':
        return { kind: 'field', names: [token.text.slice(1)], ...place };
      case 'bool':
        return { kind: 'literal', value: token.text === 'true', ...place };
      case 'char':
        return { kind: 'literal', value: goUnquote(`"${token.text.slice(1, -1)}"`).codePointAt(0) ?? 0, ...place };
      case 'number':
        return { kind: 'literal', value: Number(token.text.replaceAll('_', '')), ...place };
      case 'string':
        return { kind: 'literal', value: goUnquote(token.text), ...place };
      case 'lparen': {
        const pipe = this.#pipe('parenthesized pipeline', 'rparen');
        return { kind: 'pipe', pipe, pos: token.pos, text: `(${pipe.text})` };
      }
      default:
        this.#at -= 1;
        return undefined;
    }
  }

  #peek(): Token {
    return this.#tokens[Math.min(this.#at, this.#tokens.length - 1)] as Token;
  }

  #next(): Token {
    const token = this.#peek();
    this.#at += 1;
    return token;
  }

  #skip(): void {
    while (this.#peek().kind === 'space') this.#at += 1;
  }

  #close(context: string): void {
    this.#skip();
    const token = this.#next();
    if (token.kind !== 'close') this.#unexpected(token, context);
  }

  #unexpected(token: Token, context: string): never {
    if (token.kind === 'eof') this.#fail('unexpected EOF');
    const shown = token.kind === 'keyword' || token.kind === 'open' ? `<${token.text}>` : goQuote(token.text);
    this.#fail(`unexpected ${shown} in ${context}`);
  }

  #fail(message: string): never {
    const last = this.#tokens[Math.max(0, Math.min(this.#at, this.#tokens.length) - 1)];
    throw new TemplateSyntaxError(last?.line ?? this.#source.split('\n').length, message);
  }
}
