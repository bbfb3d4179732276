/**
 * Go's text/template with Docker's functions: compiled once, run over values that know their Go types. Pure.
 * `#template/value` and `#template/quote` are doors of their own, for programs that must start quickly.
 */

import { evaluate } from './evaluate.ts';
import type { TemplateFunction } from './functions.ts';
import { functions } from './functions.ts';
import { parse } from './parse.ts';
import type { Value } from './value.ts';

/** A template ready to run over many values. */
export interface Template {
  run(data: Value, options?: { missingKeyIsError?: boolean }): string;
  /** The header line: every field is its column's title and Docker's functions pass their first argument through. */
  header(data: Value): string;
}

const passing = ['json', 'split', 'join', 'title', 'lower', 'upper', 'truncate'];
const headerFunctions: Record<string, TemplateFunction> = {
  ...functions,
  ...Object.fromEntries(passing.map((name) => [name, { least: 1, most: 3, call: (args: Value[]) => args[0] }])),
};

/** Compiles a Go template with Docker's functions; throws TemplateSyntaxError. */
export function compile(source: string): Template {
  const parsed = parse(source, (name) => Object.hasOwn(functions, name));
  return {
    run: (data, options) => evaluate(parsed, data, { functions, ...options }),
    header: (data) => evaluate(parsed, data, { functions: headerFunctions }),
  };
}
