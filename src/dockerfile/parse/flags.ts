import { refuse } from '../dockerfile-error.ts';
import { withSuggestion } from '../suggest.ts';

export type FlagType = 'bool' | 'string' | 'strings';

/** The flags that an instruction was given. */
export interface Flags {
  text(name: string): string;
  all(name: string): readonly string[];
  /** Undefined when the flag is not there. */
  bool(name: string): boolean | undefined;
}

/** Reads flags of these names; Docker's messages. */
export function parseFlags(given: readonly string[], known: Readonly<Record<string, FlagType>> = {}): Flags {
  const values = new Map<string, string[]>();
  for (const flag of given) {
    const [shown, value] = cut(flag);
    const name = shown.slice(2);
    if (!Object.hasOwn(known, name)) refuse(withSuggestion(`unknown flag: ${shown}`, name, Object.keys(known)));
    const before = values.get(name);
    if (before && known[name] !== 'strings') refuse(`duplicate flag specified: ${shown}`);
    values.set(name, [...(before ?? []), known[name] === 'bool' ? boolText(shown, value) : textOf(shown, value)]);
  }
  return {
    text: (name) => values.get(name)?.[0] ?? '',
    all: (name) => values.get(name) ?? [],
    bool: (name) => (values.has(name) ? values.get(name)![0] === 'true' : undefined),
  };
}

function cut(flag: string): [name: string, value: string | undefined] {
  const at = flag.indexOf('=');
  return at < 0 ? [flag, undefined] : [flag.slice(0, at), flag.slice(at + 1)];
}

function boolText(shown: string, value: string | undefined): string {
  if (value === '') refuse(`missing a value on flag: ${shown}`);
  const text = (value ?? 'true').toLowerCase();
  if (text !== 'true' && text !== 'false') refuse(`expecting boolean value for flag ${shown}, not: ${value}`);
  return text;
}

function textOf(shown: string, value: string | undefined): string {
  return value ?? refuse(`missing a value on flag: ${shown}`);
}
