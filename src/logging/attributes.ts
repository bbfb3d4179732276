import { invalid } from '#errdefs';
import type { LogSubject } from './subject.ts';

/** What `labels`, `labels-regex`, `env` and `env-regex` of the options choose; of one name the variable wins. */
export function extraAttributes({ labels, env, options }: LogSubject): Record<string, string> {
  const variables = Object.fromEntries(env.filter((entry) => entry.includes('=')).map(splitEnv));
  return {
    ...chosen(labels, { names: options.labels, pattern: options['labels-regex'] }),
    ...chosen(variables, { names: options.env, pattern: options['env-regex'] }),
  };
}

function splitEnv(entry: string): [string, string] {
  const at = entry.indexOf('=');
  return [entry.slice(0, at), entry.slice(at + 1)];
}

function chosen(
  values: Readonly<Record<string, string>>,
  { names, pattern }: { names: string | undefined; pattern: string | undefined },
): Record<string, string> {
  if (!names && !pattern) return {};
  const listed = new Set(names ? names.split(',') : []);
  const matcher = pattern ? compile(pattern) : undefined;
  return Object.fromEntries(Object.entries(values).filter(([key]) => listed.has(key) || matcher?.test(key)));
}

/** Go's words for what is wrong with a pattern, as far as JavaScript sees the same. */
function compile(pattern: string): RegExp {
  try {
    return new RegExp(pattern, 'u');
  } catch (error) {
    const text = (error as Error).message;
    const reason = REASONS.find(([words]) => text.includes(words))?.[1](pattern) ?? text;
    throw invalid(`error parsing regexp: ${reason}`, error);
  }
}

const REASONS: readonly [string, (pattern: string) => string][] = [
  ['Unterminated character class', (pattern) => `missing closing ]: \`${pattern.slice(pattern.lastIndexOf('['))}\``],
  ['Lone quantifier brackets', (pattern) => `missing closing ]: \`${pattern.slice(pattern.lastIndexOf('['))}\``],
  ['Unterminated group', (pattern) => `missing closing ): \`${pattern}\``],
  ['Unmatched', (pattern) => `unexpected ): \`${pattern}\``],
  ['Nothing to repeat', (pattern) => `missing argument to repetition operator: \`${pattern.match(/[*+?]/)?.[0]}\``],
];
