import { posix } from 'node:path';
import type { HealthConfig } from '#api';
import type { CommandLine, Instruction, InstructionKind, InstructionOf, KeyValue } from '#dockerfile';
import { expandWord, healthConfig, isSignal, parseInstructions, withVariable } from '#dockerfile';
import { invalid } from '#errdefs';
import { exposedPorts } from './change-expose.ts';

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

type ChangeKind = Exclude<InstructionKind, 'ADD' | 'ARG' | 'COPY' | 'MAINTAINER' | 'RUN' | 'SHELL'>;
type Appliers = {
  readonly [K in ChangeKind]: (config: ChangedConfig, instruction: InstructionOf<K>) => Partial<ChangedConfig>;
};

const SHELL = ['/bin/sh', '-c'];

// Docker: what builds say and do differs in ports, in commands without words and in their shell.
const APPLIERS: Appliers = {
  CMD: (_, line) => ({ Cmd: command(line) }),
  ENTRYPOINT: (_, line) => {
    const words = command(line);
    return { Entrypoint: words.length > 0 ? words : null };
  },
  ENV: (config, { pairs }) => ({ Env: withEnv(config, pairs) }),
  EXPOSE: (config, { ports }) => {
    const words = ports.flatMap((port) => expandIn(config, port).words);
    return { ExposedPorts: { ...config.ExposedPorts, ...exposedPorts(words) } };
  },
  HEALTHCHECK: (_, { health }) => ({ Healthcheck: healthConfig(health) }),
  LABEL: (config, { pairs }) => ({
    Labels: { ...config.Labels, ...Object.fromEntries(expandPairs(config, pairs)) },
  }),
  ONBUILD: ({ OnBuild }, { trigger }) => ({ OnBuild: [...(OnBuild ?? []), trigger] }),
  STOPSIGNAL: (config, { signal }) => {
    const { text } = expandIn(config, signal);
    if (!isSignal(text)) throw invalid(`invalid signal: ${text}`);
    return { StopSignal: text };
  },
  USER: (config, { user }) => ({ User: expandIn(config, user).text }),
  VOLUME: (config, { volumes }) => {
    const paths = volumes.map((path) => expandIn(config, path).text.trim());
    if (paths.includes('')) throw invalid('VOLUME specified can not be an empty string');
    return { Volumes: { ...config.Volumes, ...Object.fromEntries(paths.map((path) => [path, {}])) } };
  },
  WORKDIR: (config, { path }) => ({ WorkingDir: workingDir(config.WorkingDir, expandIn(config, path).text) }),
};

/** What Dockerfile lines make of a config (else of an empty one); Docker's messages for what it does not take. */
export function applyChanges(changes: readonly string[], before: ChangedConfig = EMPTY_CHANGES): ChangedConfig {
  if (changes.length === 0) return before;
  const instructions = parseInstructions(changes.join('\n'), (keyword) => {
    if (!Object.hasOwn(APPLIERS, keyword.toUpperCase())) throw invalid(`${keyword} is not a valid change command`);
  });
  const ownCommand = instructions.findIndex(({ kind }) => kind === 'CMD');
  return instructions.reduce((config, instruction, i) => {
    const changed = apply(config, instruction);
    // Docker: a command that was there before is not one for a new entry point.
    return instruction.kind === 'ENTRYPOINT' && (ownCommand < 0 || i < ownCommand)
      ? { ...changed, Cmd: null }
      : changed;
  }, before);
}

function apply(config: ChangedConfig, instruction: Instruction): ChangedConfig {
  const applier = APPLIERS[instruction.kind as ChangeKind] as (
    config: ChangedConfig,
    instruction: Instruction,
  ) => Partial<ChangedConfig>;
  return { ...config, ...applier(config, instruction) };
}

function command({ words, inShell }: CommandLine): string[] {
  return inShell ? [...SHELL, ...words] : [...words];
}

/** Pairs with variables of the environment as it was before their instruction. */
function expandPairs(config: ChangedConfig, pairs: readonly KeyValue[]): [name: string, value: string][] {
  return pairs.map(({ key, value }) => [expandIn(config, key).text, expandIn(config, value).text]);
}

function withEnv(config: ChangedConfig, pairs: readonly KeyValue[]): string[] {
  const expanded = expandPairs(config, pairs);
  if (expanded.some(([name]) => name === '')) throw invalid('ENV names can not be blank');
  return expanded.reduce((env, [name, value]) => withVariable(env, name, value), [...(config.Env ?? [])]);
}

function workingDir(current: string, path: string): string {
  const joined = posix.isAbsolute(path) ? path : posix.join('/', current, path);
  return posix.normalize(joined).replace(/(?<=.)\/$/, '');
}

function expandIn({ Env }: ChangedConfig, word: string) {
  return expandWord(word, (name) => {
    const entry = Env?.find((one) => one.startsWith(`${name}=`));
    return entry?.slice(name.length + 1);
  });
}
