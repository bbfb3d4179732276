// Lists of objects as tables, JSON lines or a template's output; the command says which fields there are.

import type { Template } from '#template';
import type { GoStruct, Value } from '#template/value';
import { layOut } from './table.ts';

/** A field of a listed object: its column's title, and its value. A function is a method, no part of JSON output. */
export interface Field<T> {
  header: string;
  get(item: T): Value;
}

/** What a command can say about its objects, and how it shows them by itself. */
export interface ListFormat<T> {
  /** Go's name of the type, for error texts. */
  type: string;
  fields: Record<string, Field<T>>;
  /** The columns of the plain table. */
  columns: readonly string[];
  /** The template that the name `raw` stands for. */
  raw?: string;
  /** The header of methods such as `.Label "a"`. */
  methods?: Record<string, (...args: Value[]) => Value>;
}

/** Renders items as the user wants them: `''` or `table`, `table TEMPLATE`, `json`, `raw`, or a template. */
export async function renderList<T>(list: ListFormat<T>, items: readonly T[], wanted: string): Promise<string> {
  const format = wanted.trim();
  if (format === '' || format === 'table') return plainTable(list, items);
  if (format === 'json') return items.map((item) => `${jsonOf(list, item)}\n`).join('');
  const source = format === 'raw' && list.raw !== undefined ? list.raw : format;
  const isTable = source.startsWith('table');
  const template = await compileFormat(unescapeBlanks(isTable ? source.slice('table'.length).trim() : source));
  const view = await viewer(list);
  const rows = items.map((item) => `${runFormat(template, view(item))}\n`).join('');
  if (!isTable) return rows;
  const titles = lazily(list, (field) => field.header);
  return layOut(`${template.header({ ...titles, ...list.methods })}\n${rows}`);
}

/** Items as a template sees them. */
export async function viewer<T>(list: ListFormat<T>): Promise<(item: T) => GoStruct> {
  const { GoStruct } = await import('#template/value');
  return (item) =>
    new GoStruct(
      `*${list.type}`,
      lazily(list, (field) => field.get(item)),
      lazyRaw(list, item),
    );
}

/** Compiles a template for `--format`; the error is worded as Docker's formatter words it. */
export async function compileFormat(source: string): Promise<Template> {
  const { compile } = await import('#template');
  return rethrow('template parsing error', () => compile(source));
}

/** Runs a compiled format over one value. */
export function runFormat(template: Template, value: Value): string {
  return rethrow('template parsing error', () => template.run(value));
}

/** Adds words before an error's message. */
export function rethrow<R>(what: string, work: () => R): R {
  try {
    return work();
  } catch (error) {
    throw new Error(`${what}: ${(error as Error).message}`, { cause: error });
  }
}

/** Items as a table with the list's own columns. */
export function plainTable<T>(list: ListFormat<T>, items: readonly T[]): string {
  const fields = list.columns.map((name) => list.fields[name] as Field<T>);
  const lines = [fields.map((field) => field.header).join('\t')];
  for (const item of items) lines.push(fields.map((field) => String(field.get(item))).join('\t'));
  return layOut(`${lines.join('\n')}\n`);
}

/** An item as `--format json` shows it. */
export function jsonOf<T>(list: ListFormat<T>, item: T): string {
  return JSON.stringify(jsonValue(list, item)).replace(/[<>&]/g, (c) => `\\u00${c.charCodeAt(0).toString(16)}`);
}

function jsonValue<T>(list: ListFormat<T>, item: T): Record<string, unknown> {
  const names = Object.keys(list.fields).sort();
  const pairs = names.map((name) => [name, list.fields[name]?.get(item)] as const);
  return Object.fromEntries(pairs.filter(([, value]) => typeof value !== 'function'));
}

// `{{json .}}`: the object as jsonOf shows it, worked out only when asked for.
function lazyRaw<T>(list: ListFormat<T>, item: T): unknown {
  return { toGoJson: () => jsonOf(list, item) };
}

function lazily<T>(list: ListFormat<T>, get: (field: Field<T>) => Value): Record<string, Value> {
  const record: Record<string, Value> = {};
  for (const [name, field] of Object.entries(list.fields)) {
    Object.defineProperty(record, name, { enumerable: true, get: () => get(field) });
  }
  return record;
}

// What a shell passes on as two characters.
function unescapeBlanks(format: string): string {
  return format.replaceAll('\\t', '\t').replaceAll('\\n', '\n');
}
