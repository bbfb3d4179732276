import { posix } from 'node:path';
import type { HealthConfig } from '#api';
import { isSignal } from '#dockerfile';
import { invalid } from '#errdefs';
import { exposedPorts } from './change-expose.ts';
import { healthcheck } from './change-health.ts';
import { expand, jsonWords, nameValues, splitWords } from './change-words.ts';

/** The part of a config that the lines of `--change` can set, under the API's names. */
export interface ChangedConfig {
  readonly User: string;
  readonly ExposedPorts?: Readonly<Record<string, object>> | null;
  readonly Env: readonly string[] | null;
  readonly Cmd: readonly string[] | null;
  readonly Healthcheck?: Partial<HealthConfig> | null;
  readonly Volumes: Readonly<Record<string, object>> | null;
  readonly WorkingDir: string;
  readonly Entrypoint: readonly string[] | null;
  readonly OnBuild: readonly string[] | null;
  readonly Labels: Readonly<Record<string, string>> | null;
  readonly StopSignal?: string;
}

export const EMPTY_CHANGES: ChangedConfig = {
  User: '',
  Env: null,
  Cmd: null,
  Volumes: null,
  WorkingDir: '',
  Entrypoint: null,
  OnBuild: null,
  Labels: null,
};

interface Instruction {
  readonly name: string;
  /** What follows the name, trimmed. */
  readonly rest: string;
}

type Apply = (config: ChangedConfig, rest: string) => ChangedConfig;

const SHELL = ['/bin/sh', '-c'];
/** Longer than any real list of changes. */
const LIMIT = 1024 * 1024;

const INSTRUCTIONS: Readonly<Record<string, Apply>> = {
  CMD: (config, rest) => ({ ...config, Cmd: command(rest) }),
  ENTRYPOINT: (config, rest) => {
    const words = command(rest);
    return { ...config, Entrypoint: words.length > 0 ? words : null };
  },
  ENV: (config, rest) => ({ ...config, Env: withEnv(config.Env, pairs('ENV', config, rest)) }),
  EXPOSE: (config, rest) => {
    const ports = exposedPorts(some('EXPOSE', rest).flatMap((word) => splitWords(expandIn(config, word))));
    return { ...config, ExposedPorts: { ...config.ExposedPorts, ...ports } };
  },
  HEALTHCHECK: (config, rest) => ({ ...config, Healthcheck: healthcheck(rest) }),
  LABEL: (config, rest) => ({
    ...config,
    Labels: { ...config.Labels, ...Object.fromEntries(pairs('LABEL', config, rest)) },
  }),
  ONBUILD: (config, rest) => ({ ...config, OnBuild: [...(config.OnBuild ?? []), trigger(rest)] }),
  STOPSIGNAL: (config, rest) => {
    const signal = expandIn(config, exactlyOne('STOPSIGNAL', rest));
    if (!isSignal(signal)) throw invalid(`invalid signal: ${signal}`);
    return { ...config, StopSignal: signal };
  },
  USER: (config, rest) => ({ ...config, User: expandIn(config, exactlyOne('USER', rest)) }),
  VOLUME: (config, rest) => ({ ...config, Volumes: { ...config.Volumes, ...volumes(config, rest) } }),
  WORKDIR: (config, rest) => ({
    ...config,
    WorkingDir: workingDir(config.WorkingDir, expandIn(config, exactlyOne('WORKDIR', rest))),
  }),
};

/** What Dockerfile lines make of a config (else of an empty one); Docker's messages for what it does not take. */
export function applyChanges(changes: readonly string[], before: ChangedConfig = EMPTY_CHANGES): ChangedConfig {
  if (changes.length === 0) return before;
  const instructions = parse(changes.join('\n'));
  const bad = instructions.find(({ name }) => !Object.hasOwn(INSTRUCTIONS, name));
  if (bad) throw invalid(`${bad.name} is not a valid change command`);
  const ownCommand = instructions.findIndex(({ name }) => name === 'CMD');
  return instructions.reduce((config, { name, rest }, i) => {
    const changed = INSTRUCTIONS[name]!(config, rest);
    // Docker: a command that was there before is not one for a new entry point.
    return name === 'ENTRYPOINT' && (ownCommand < 0 || i < ownCommand) ? { ...changed, Cmd: null } : changed;
  }, before);
}

/** Instructions of a Dockerfile without here-documents: comments and empty lines dropped, continued lines joined. */
function parse(text: string): Instruction[] {
  if (text.length > LIMIT) throw invalid('changes are too long');
  const instructions: Instruction[] = [];
  let pending = '';
  for (const line of text.split(/\r?\n/)) {
    if (/^\s*(?:#|$)/.test(line)) continue;
    const whole = pending + (pending === '' ? line.trimStart() : line);
    const continued = /(?<!\\)\\[ \t]*$/.exec(whole);
    pending = continued ? whole.slice(0, continued.index) : '';
    if (!continued) instructions.push(instruction(whole));
  }
  if (pending !== '') instructions.push(instruction(pending));
  if (instructions.length === 0) throw invalid('file with no instructions');
  return instructions;
}

function instruction(line: string): Instruction {
  const [, name = '', rest = ''] = /^(\S+)\s*(.*)$/s.exec(line.trim()) ?? [];
  return { name: name.toUpperCase(), rest };
}

function command(rest: string): string[] {
  return jsonWords(rest) ?? (rest === '' ? SHELL : [...SHELL, rest]);
}

/** Pairs of an instruction, with variables of the environment as it was before it. */
function pairs(name: string, config: ChangedConfig, rest: string): [name: string, value: string][] {
  if (rest === '') throw invalid(`${name} requires at least one argument`);
  return nameValues(name, rest).map(([key, value]) => {
    const expanded = expandIn(config, key);
    if (expanded === '' && name === 'ENV') throw invalid('ENV names can not be blank');
    return [expanded, expandIn(config, value)];
  });
}

function withEnv(env: readonly string[] | null, set: readonly [string, string][]): string[] {
  const result = [...(env ?? [])];
  for (const [name, value] of set) {
    const at = result.findIndex((entry) => entry.split('=', 1)[0] === name);
    if (at >= 0) result[at] = `${name}=${value}`;
    else result.push(`${name}=${value}`);
  }
  return result;
}

function volumes(config: ChangedConfig, rest: string): Record<string, object> {
  const words = jsonWords(rest) ?? splitWords(rest);
  if (words.length === 0) throw invalid('VOLUME requires at least one argument');
  const paths = words.map((word) => expandIn(config, word).trim());
  if (paths.includes('')) throw invalid('VOLUME specified can not be an empty string');
  return Object.fromEntries(paths.map((path) => [path, {}]));
}

function workingDir(current: string, path: string): string {
  const joined = posix.isAbsolute(path) ? path : posix.join('/', current, path);
  return posix.normalize(joined).replace(/(?<=.)\/$/, '');
}

const NOT_TRIGGERS = ['MAINTAINER', 'FROM'];

function trigger(rest: string): string {
  const name = (some('ONBUILD', rest)[0] as string).toUpperCase();
  if (name === 'ONBUILD') throw invalid("Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed");
  if (NOT_TRIGGERS.includes(name)) throw invalid(`${name} isn't allowed as an ONBUILD trigger`);
  return rest;
}

function some(name: string, rest: string): string[] {
  const words = splitWords(rest);
  if (words.length === 0) throw invalid(`${name} requires at least one argument`);
  return words;
}

function exactlyOne(name: string, rest: string): string {
  if (rest === '') throw invalid(`${name} requires exactly one argument`);
  return rest;
}

function expandIn({ Env }: ChangedConfig, word: string): string {
  return expand(word, (name) => {
    const entry = Env?.find((one) => one.startsWith(`${name}=`));
    return entry?.slice(name.length + 1);
  });
}
