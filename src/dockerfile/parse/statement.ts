import type { Escape, Heredoc, KeyValue } from '../ast.ts';
import { isSpace, trimStart } from '../white-space.ts';
import { splitCommand } from './command-line.ts';
import { jsonWords, keyValues, plainWords, quotedWords } from './words.ts';

/** A logical line whose arguments are read by the form of its instruction, not yet by its meaning. */
export interface Statement {
  readonly keyword: string;
  readonly flags: readonly string[];
  readonly args: readonly string[];
  /** Of ENV and LABEL. */
  readonly pairs: readonly KeyValue[];
  readonly isJson: boolean;
  readonly code: string;
  /** Of ONBUILD. */
  readonly trigger?: Statement;
}

/** A statement with all that belongs to it, where it stands. */
export interface Sentence extends Statement {
  readonly heredocs: readonly Heredoc[];
  readonly comments: readonly string[];
  readonly lines: { readonly first: number; readonly last: number };
}

type Arguments = Partial<Pick<Statement, 'args' | 'pairs' | 'isJson' | 'trigger'>>;
type Form = (rest: string, token: Escape) => Arguments;

const command: Form = (rest) => {
  if (rest === '') return {};
  const words = jsonWords(rest);
  return words ? { args: words, isJson: true } : { args: [rest] };
};
const list: Form = (rest) => {
  const words = jsonWords(rest);
  return words ? { args: words, isJson: true } : { args: plainWords(rest) };
};
const words: Form = (rest) => ({ args: plainWords(rest) });
const whole: Form = (rest) => ({ args: rest === '' ? [] : [rest] });

const health: Form = (rest, token) => {
  const gap = [...rest].findIndex(isSpace);
  if (rest === '' || gap < 0) return { args: rest === '' ? [] : [rest] };
  const type = [...rest].slice(0, gap).join('');
  const { args = [], isJson = false } = command(trimStart(rest.slice(type.length)), token);
  return { args: [type, ...args], isJson };
};

const FORMS: Readonly<Record<string, Form>> = {
  ADD: list,
  ARG: (rest, token) => ({ args: quotedWords(rest, token) }),
  CMD: command,
  COPY: list,
  ENTRYPOINT: command,
  ENV: (rest, token) => ({ pairs: keyValues('ENV', rest, token) }),
  EXPOSE: words,
  FROM: words,
  HEALTHCHECK: health,
  LABEL: (rest, token) => ({ pairs: keyValues('LABEL', rest, token) }),
  MAINTAINER: whole,
  ONBUILD: () => ({}),
  RUN: command,
  SHELL: command,
  STOPSIGNAL: whole,
  USER: whole,
  VOLUME: list,
  WORKDIR: whole,
};

export const INSTRUCTION_NAMES: readonly string[] = Object.keys(FORMS);

/** Reads a logical line. An instruction that nobody knows has no arguments; its meaning is refused later. */
export function parseStatement(line: string, token: Escape, depth = 0): Statement {
  const { keyword, flags, rest } = splitCommand(line, token);
  const name = keyword.toUpperCase();
  const form = Object.hasOwn(FORMS, name) ? FORMS[name]! : () => ({});
  // A trigger of a trigger is refused whatever it holds, so only one level is read.
  const read = name === 'ONBUILD' && depth === 0 ? onbuild(rest, token) : form(rest, token);
  return { keyword, flags, args: [], pairs: [], isJson: false, code: line, ...read };
}

function onbuild(rest: string, token: Escape): Arguments {
  if (rest === '') return {};
  const inner = parseStatement(rest, token, 1);
  return { args: [inner.keyword, ...inner.args], trigger: inner };
}
