import type { TemplateFunction } from './functions.ts';
import { CallError } from './functions.ts';
import type { Command, Expr, Node, Pipe, Place } from './node.ts';
import type { Parsed } from './parse.ts';
import { printValue } from './print.ts';
import { goQuote } from './quote.ts';
import type { Value } from './value.ts';
import { GoMap, GoStruct, isPlainMap, mapEntries, NilPointer, truth, typeName } from './value.ts';

/** The most rounds of one `range` over a number. */
const ROUNDS = 10_000;

/** A template that failed while running, with Go's text. */
export class TemplateRunError extends Error {}

/** How a template runs: its functions, and whether a map's missing key is an error. */
export interface RunOptions {
  functions: Record<string, TemplateFunction>;
  missingKeyIsError?: boolean;
}

/** Runs a parsed template over `data` and returns what it writes. */
export function evaluate(template: Parsed, data: Value, options: RunOptions): string {
  const run = new Run(template, options, data);
  run.body(template.body, data);
  return run.output;
}

interface Call {
  words: Expr[];
  command: Command;
}

const none = Symbol('no final argument');
type Final = Value | typeof none;

class Run {
  output = '';
  readonly #template: Parsed;
  readonly #options: RunOptions;
  #variables: { name: string; value: Value }[];

  constructor(template: Parsed, options: RunOptions, data: Value) {
    this.#template = template;
    this.#options = options;
    this.#variables = [{ name: '$', value: data }];
  }

  /** Writes the nodes; the answer says whether a loop was left by break or continue. */
  body(nodes: Node[], dot: Value): 'break' | 'continue' | undefined {
    for (const node of nodes) {
      const left = this.#node(node, dot);
      if (left) return left;
    }
    return undefined;
  }

  #node(node: Node, dot: Value): 'break' | 'continue' | undefined {
    switch (node.kind) {
      case 'text':
        this.output += node.text;
        return undefined;
      case 'action': {
        const value = this.#pipe(node.pipe, dot);
        if (typeof value === 'function')
          this.#fail(node.pipe, `can't print ${node.pipe.text} of type func(string) string`);
        if (node.pipe.variables.length === 0) this.output += printValue(value);
        return undefined;
      }
      case 'if':
      case 'with':
        return this.#branch(node, dot);
      case 'range':
        this.#range(node, dot);
        return undefined;
      case 'template':
        this.#template_(node, dot);
        return undefined;
      default:
        return node.kind;
    }
  }

  #branch(node: Node & { kind: 'if' | 'with' | 'range' }, dot: Value): 'break' | 'continue' | undefined {
    const depth = this.#variables.length;
    const value = this.#pipe(node.pipe, dot);
    const chosen = truth(value) ? node.body : node.otherwise;
    const left = this.body(chosen, node.kind === 'with' && truth(value) ? value : dot);
    this.#variables.length = depth;
    return left;
  }

  #range(node: Node & { kind: 'if' | 'with' | 'range' }, dot: Value): void {
    const depth = this.#variables.length;
    const [first, second] = node.pipe.variables;
    const value = this.#pipe({ ...node.pipe, variables: [] }, dot);
    const items = this.#items(value, node.pipe);
    for (const [key, item] of items) {
      this.#variables.length = depth;
      if (first !== undefined && second === undefined) this.#set(first, item, node.pipe.assigns);
      if (first !== undefined && second !== undefined) {
        this.#set(first, key, node.pipe.assigns);
        this.#set(second, item, node.pipe.assigns);
      }
      if (this.body(node.body, item) === 'break') break;
    }
    this.#variables.length = depth;
    if (items.length === 0) this.body(node.otherwise, dot);
  }

  #items(value: Value, place: Place): [Value, Value][] {
    if (Array.isArray(value)) return value.map((item, at) => [at, item]);
    const entries = mapEntries(value);
    if (entries) return entries;
    if (typeof value === 'number' && Number.isInteger(value)) {
      // Go counts on, which nobody would live to see.
      if (value > ROUNDS) this.#fail(place, `range over ${value} is too long`);
      return Array.from({ length: Math.max(0, value) }, (_, at) => [at, at]);
    }
    if (value === undefined || value === null) return [];
    return this.#fail(place, `range can't iterate over ${printValue(value)}`);
  }

  #template_(node: Node & { kind: 'template' }, dot: Value): void {
    const nodes = this.#template.defined.get(node.name);
    if (!nodes)
      this.#fail(
        { pos: node.pos, text: `{{template ${goQuote(node.name)}}}` },
        `template ${goQuote(node.name)} not defined`,
      );
    const data = node.pipe ? this.#pipe(node.pipe, dot) : undefined;
    const saved = this.#variables;
    this.#variables = [{ name: '$', value: data }];
    this.body(nodes, data);
    this.#variables = saved;
  }

  #set(name: string, value: Value, assigns: boolean): void {
    const known = assigns ? this.#variables.findLast((variable) => variable.name === name) : undefined;
    if (known) known.value = value;
    else this.#variables.push({ name, value });
  }

  #pipe(pipe: Pipe, dot: Value): Value {
    let value: Final = none;
    for (const command of pipe.commands) value = this.#command(command, dot, value);
    const result = value === none ? undefined : value;
    for (const name of pipe.variables) this.#set(name, result, pipe.assigns);
    return result;
  }

  #command(command: Command, dot: Value, final: Final): Value {
    const [first, ...rest] = command.words as [Expr, ...Expr[]];
    const args = final === none ? rest.length : rest.length + 1;
    switch (first.kind) {
      case 'function':
        return this.#call(first, { words: rest, command }, dot, final);
      case 'field':
        return this.#fields(first, dot, first.names, dot, rest, final);
      case 'variable':
        return this.#fields(first, this.#variable(first.names[0] ?? ''), first.names.slice(1), dot, rest, final);
      case 'chain':
        return this.#fields(first, this.#value(first.operand, dot), first.names, dot, rest, final);
      case 'nil':
        return this.#fail(first, 'nil is not a command');
      default:
        if (args > 0) this.#fail(first, `can't give argument to non-function ${first.text}`);
        return this.#value(first, dot);
    }
  }

  #value(expr: Expr, dot: Value): Value {
    switch (expr.kind) {
      case 'dot':
        return dot;
      case 'nil':
        return undefined;
      case 'literal':
        return expr.value;
      case 'pipe':
        return this.#pipe(expr.pipe, dot);
      default:
        return this.#command({ pos: expr.pos, text: expr.text, words: [expr] }, dot, none);
    }
  }

  #variable(name: string): Value {
    return this.#variables.findLast((variable) => variable.name === name)?.value;
  }

  #call(name: Expr & { kind: 'function' }, { words, command }: Call, dot: Value, final: Final): Value {
    const fn = this.#options.functions[name.name] as TemplateFunction;
    const count = words.length + (final === none ? 0 : 1);
    if (count < fn.least || count > fn.most) {
      const want = fn.most === fn.least ? `want ${fn.least}` : `want at least ${fn.least}`;
      this.#fail(name, `wrong number of args for ${name.name}: ${want} got ${count}`);
    }
    const lazy = name.name === 'and' ? false : name.name === 'or' ? true : undefined;
    const args: Value[] = [];
    for (const word of words) {
      const value = this.#value(word, dot);
      args.push(value);
      if (lazy !== undefined && truth(value) === lazy) return value;
    }
    if (final !== none) args.push(final);
    try {
      return fn.call(args);
    } catch (error) {
      if (!(error instanceof CallError)) throw error;
      const place = error.plain ? (words[0] ?? name) : command;
      return this.#fail(place, error.plain ? error.message : `error calling ${name.name}: ${error.message}`);
    }
  }

  #fields(place: Expr, receiver: Value, names: string[], dot: Value, words: Expr[], final: Final): Value {
    let value = receiver;
    for (const [at, name] of names.entries()) {
      value = this.#field(place, value, name);
      if (typeof value !== 'function') continue;
      const last = at === names.length - 1;
      const args = last ? words.map((word) => this.#value(word, dot)) : [];
      if (last && final !== none) args.push(final);
      if (args.length < 1) this.#fail(place, `wrong number of args for ${name}: want 1 got ${args.length}`);
      return value(...args);
    }
    if (words.length > 0 || final !== none) {
      const owner = names.length === 1 && receiver instanceof GoStruct ? receiver.type : '';
      if (/[cC]ontext$/.test(owner)) {
        this.#fail(
          place,
          `wrong number of args for ${names[0]}: want 0 got ${words.length + (final === none ? 0 : 1)}`,
        );
      }
      const what =
        names.length > 0
          ? `${names.at(-1)} has arguments but cannot be invoked as function`
          : `can't give argument to non-function ${place.text}`;
      this.#fail(place, what);
    }
    return value;
  }

  #field(place: Expr, receiver: Value, name: string): Value {
    if (receiver instanceof NilPointer) this.#fail(place, `nil pointer evaluating ${receiver.type}.${name}`);
    if (receiver === undefined || receiver === null) {
      if (this.#options.missingKeyIsError) this.#fail(place, `nil data; no entry for key ${goQuote(name)}`);
      return undefined;
    }
    if (receiver instanceof GoStruct) {
      if (Object.hasOwn(receiver.fields, name)) return receiver.fields[name];
      this.#fail(place, `can't evaluate field ${name} in type ${receiver.type}`);
    }
    const entries = receiver instanceof GoMap ? receiver.entries : isPlainMap(receiver) ? receiver : undefined;
    const type = this.#options.missingKeyIsError ? 'interface {}' : typeName(receiver);
    if (!entries) this.#fail(place, `can't evaluate field ${name} in type ${type}`);
    if (Object.hasOwn(entries, name)) return entries[name];
    if (this.#options.missingKeyIsError) this.#fail(place, `map has no entry for key ${goQuote(name)}`);
    return undefined;
  }

  #fail(place: Place, message: string): never {
    const before = this.#template.source.slice(0, place.pos);
    const line = before.split('\n').length;
    const column = Buffer.byteLength(before.slice(before.lastIndexOf('\n') + 1));
    throw new TemplateRunError(`template: :${line}:${column}: executing "" at <${place.text}>: ${message}`);
  }
}
