import { formatDuration } from '#template/duration';
import { goQuote } from '#template/quote';
import type { HealthSettings, InstructionOf } from '../ast.ts';
import { refuse } from '../dockerfile-error.ts';
import { isSignal } from '../signal.ts';
import type { DispatchContext } from './context.ts';
import { withoutSecrets } from './secret-names.ts';
import { inShell } from './shell.ts';
import type { StageState } from './stage-state.ts';

/** `["a" "b"]`, as Go prints words. */
export function quoted(words: readonly string[]): string {
  return `[${words.map(goQuote).join(' ')}]`;
}

export function setPairs(
  state: StageState,
  { report }: DispatchContext,
  instruction: InstructionOf<'ENV'> | InstructionOf<'LABEL'>,
): void {
  const { kind, keyword, lines, pairs } = instruction;
  for (const { key, value, legacy } of pairs) {
    if (legacy) {
      const detail = `"${keyword} key=value" should be used instead of legacy "${keyword} key value" format`;
      report({ rule: 'LegacyKeyValueFormat', lines, detail });
    }
    if (kind === 'LABEL') {
      const labels = Object.entries(state.config.Labels ?? {}).filter(([name]) => name !== key);
      state.config = { ...state.config, Labels: Object.fromEntries([...labels, [key, value]]) };
      continue;
    }
    withoutSecrets('ENV', key, { lines, report });
    state.setVariable(key, value);
    state.config = { ...state.config, Env: withVariable(state.config.Env ?? [], key, value) };
  }
  state.record([kind, ...pairs.map(({ key, value }) => `${key}=${value}`)].join(' '));
}

/** The environment of an image with one variable set, in its old place if it had one. */
export function withVariable(env: readonly string[], key: string, value: string): string[] {
  const at = env.findIndex((entry) => entry.split('=', 1)[0] === key);
  return at < 0 ? [...env, `${key}=${value}`] : env.toSpliced(at, 1, `${key}=${value}`);
}

export function setCommand(
  state: StageState,
  { report }: DispatchContext,
  instruction: InstructionOf<'CMD'> | InstructionOf<'ENTRYPOINT'>,
): void {
  const { kind, keyword, lines, words } = instruction;
  onlyOnce(state, report, instruction);
  if (instruction.inShell && (state.config.Shell ?? []).length === 0) {
    const detail = `JSON arguments recommended for ${keyword} to prevent unintended behavior related to OS signals`;
    report({ rule: 'JSONArgsRecommended', lines, detail });
  }
  const args = instruction.inShell ? inShell(state, words) : [...words];
  if (kind === 'CMD') state.config = { ...state.config, Cmd: args.length > 0 ? args : null, ArgsEscaped: true };
  else {
    // Docker: an inherited command is not one for a new entry point.
    const command = state.has('CMD') ? state.config.Cmd : null;
    state.config = { ...state.config, Entrypoint: args.length > 0 ? args : null, Cmd: command };
  }
  state.record(`${kind} ${quoted(args)}`);
}

export function setHealth(state: StageState, { report }: DispatchContext, instruction: InstructionOf<'HEALTHCHECK'>) {
  onlyOnce(state, report, instruction);
  state.config = { ...state.config, Healthcheck: healthConfig(instruction.health) };
  const { Test, Interval, Timeout, StartPeriod, StartInterval, Retries } = instruction.health;
  const times = [Interval, Timeout, StartPeriod, StartInterval].map((ns) => goQuote(formatDuration(ns)));
  state.record(`HEALTHCHECK &{${quoted(Test)} ${times.join(' ')} ${quotedRune(Retries)}}`);
}

/** A healthcheck as a config has it: what is not set is left out. */
export function healthConfig({ Test, ...numbers }: HealthSettings): { Test: string[] } & Partial<typeof numbers> {
  const given = Object.entries(numbers).filter(([, value]) => value !== 0);
  return { Test: [...Test], ...Object.fromEntries(given) };
}

/** Go's `%q` of a number is the character of that code. */
function quotedRune(code: number): string {
  if (code > 0x10ffff) return "'\uFFFD'";
  const char = String.fromCodePoint(code);
  return char === "'" ? "'\\''" : char === '"' ? "'\"'" : `'${goQuote(char).slice(1, -1)}'`;
}

function onlyOnce(
  state: StageState,
  report: DispatchContext['report'],
  instruction: InstructionOf<'CMD' | 'ENTRYPOINT' | 'HEALTHCHECK'>,
): void {
  const before = state.replaces(instruction);
  if (!before) return;
  const detail = `Multiple ${instruction.keyword} instructions should not be used in the same stage because only the last one will be used`;
  report({ rule: 'MultipleInstructionsDisallowed', lines: before, detail });
}

export function setVolumes(state: StageState, { volumes }: InstructionOf<'VOLUME'>): void {
  if (volumes.includes('')) refuse('VOLUME specified can not be an empty string');
  const added = Object.fromEntries(volumes.map((path) => [path, {}]));
  state.config = { ...state.config, Volumes: { ...state.config.Volumes, ...added } };
  state.record(`VOLUME [${volumes.join(' ')}]`);
}

export function setStopSignal(state: StageState, { signal }: InstructionOf<'STOPSIGNAL'>): void {
  if (!isSignal(signal)) refuse(`invalid signal: ${signal}`);
  state.config = { ...state.config, StopSignal: signal };
  state.record(`STOPSIGNAL ${signal}`);
}

export function setMaintainer(state: StageState, { maintainer }: InstructionOf<'MAINTAINER'>): void {
  state.author = maintainer;
  state.record(`MAINTAINER ${maintainer}`);
}

/** Docker: a trigger leaves no line in the history. */
export function addTrigger(state: StageState, { trigger }: InstructionOf<'ONBUILD'>): void {
  state.config = { ...state.config, OnBuild: [...(state.config.OnBuild ?? []), trigger] };
}

export function setShell(state: StageState, { shell }: InstructionOf<'SHELL'>): void {
  state.config = { ...state.config, Shell: [...shell] };
  state.record(`SHELL [${shell.join(' ')}]`);
}

export function setUser(state: StageState, { user }: InstructionOf<'USER'>): void {
  state.config = { ...state.config, User: user };
  state.record(`USER ${user}`);
}
