import { goQuote } from '#template/quote';
import type { Heredoc, InstructionOf } from '../ast.ts';
import { refuse } from '../dockerfile-error.ts';
import type { RunMount } from '../expand/mounts.ts';
import { resolveMount } from '../expand/mounts.ts';
import { asHeredoc, chomped } from '../parse/heredoc.ts';
import { trim } from '../white-space.ts';
import type { DispatchContext, PlannedInstruction } from './context.ts';
import { expandIn } from './context.ts';
import { cleanedPath } from './paths.ts';
import type { Origin, PlannedMount, RunEffect } from './result.ts';
import { inShell } from './shell.ts';
import type { StageState } from './stage-state.ts';
import type { StepTitles } from './title.ts';
import { titleText } from './title.ts';

const SCRIPTS = '/dev/pipes/';

export function addRun(
  state: StageState,
  context: DispatchContext,
  planned: PlannedInstruction & { readonly instruction: InstructionOf<'RUN'> },
  titles: StepTitles,
): void {
  const { instruction, origins, isOnBuild } = planned;
  const { word } = expandIn(state, context, instruction);
  const resolved = instruction.mounts.map((flag) => resolveMount(flag, word));
  const { args, script, summary } = commandOf(state, instruction);
  const mounts = resolved.map((mount, i) => planMount(state, instruction, mount, origins[i]));
  const { network, security, devices, lines } = instruction;
  const effect: RunEffect = {
    ...{ kind: 'run', args, network, security, devices, mounts, workdir: state.workdir },
    ...(script && { script }),
    env: [...state.env].map(([name, value]) => `${name}=${value}`),
    user: state.config.User,
  };
  const shown = titleText(instruction.code + summary, masking(state, resolved), {
    escape: context.escapeToken,
    rawQuotes: true,
    keepUnset: true,
  });
  state.steps.push({ instruction, lines, effect, title: titles.next(shown, isOnBuild) });
  state.record(`RUN ${[...argumentsUsed(state), ...args].join(' ')} # buildkit`, true);
}

/** The command, with its heredocs given to the shell or written to a file that is run. */
function commandOf(state: StageState, { words, inShell: isShell, heredocs }: InstructionOf<'RUN'>) {
  const finish = (args: readonly string[]) => (isShell ? inShell(state, args) : [...args]);
  const [first] = heredocs;
  if (!first) return { args: finish(words), summary: '' };
  if (words.length !== 1 || !isShell) refuse(`parsing produced an invalid run command: [${words.join(' ')}]`);
  if (!asHeredoc(words[0]!)) {
    const bodies = heredocs.map(({ name, content }) => `\n${content}${name}`);
    return { args: finish([words[0]! + bodies.join('')]), summary: '' };
  }
  const summary = ` (${summaryOf(first)})`;
  const data = chomped(first);
  if (!first.content.startsWith('#!')) return { args: finish([data]), summary };
  const script = { folder: SCRIPTS, name: first.name, data };
  return { args: finish([cleanedPath(`${SCRIPTS}${first.name}`)]), script, summary };
}

function summaryOf({ content }: Heredoc): string {
  const [line = '', ...others] = trim(content).split(/\r?\n/);
  return others.length > 0 ? `${line}...` : line;
}

function planMount(
  state: StageState,
  { lines }: InstructionOf<'RUN'>,
  mount: RunMount,
  origin: Origin | undefined,
): PlannedMount {
  if (mount.type === 'secret') noteSecret(state, mount, lines);
  else if (mount.type === 'ssh') noteSsh(state, mount, lines);
  else {
    const target = mount.target.startsWith('/') ? mount.target : cleanedPath(`${state.workdir}/${mount.target}`);
    if (target === '/') refuse(`invalid mount target ${goQuote(target)}`);
    const id = mount.type === 'cache' && mount.id === '' ? cleanedPath(mount.target, '.') : mount.id;
    const comesFrom = mount.type === 'tmpfs' ? undefined : (origin ?? originOf(mount));
    return { ...mount, target, id, ...(comesFrom && { origin: comesFrom }) };
  }
  return mount;
}

function originOf({ type, from }: RunMount): Origin | undefined {
  return type === 'bind' && from === '' ? { kind: 'context' } : undefined;
}

function noteSecret(state: StageState, mount: RunMount, lines: InstructionOf<'RUN'>['lines']): void {
  const id = secretId(mount);
  if (!state.outline.secrets.has(id)) state.outline.secrets.set(id, { required: mount.required, lines });
}

function noteSsh(state: StageState, mount: RunMount, lines: InstructionOf<'RUN'>['lines']): void {
  if (mount.source !== '') refuse('ssh does not support source');
  const id = mount.id || 'default';
  if (!state.outline.ssh.has(id)) state.outline.ssh.set(id, { required: mount.required, lines });
}

/** Which secret a mount asks for. */
export function secretId({ id, source, target }: RunMount): string {
  return source || id || (target.split('/').findLast((part) => part !== '') ?? '/');
}

/** Secrets in variables are shown as stars. */
function masking(state: StageState, mounts: readonly RunMount[]) {
  const masked = new Set(mounts.flatMap(({ type, env }) => (type === 'secret' && env !== undefined ? [env] : [])));
  return (name: string) => (masked.has(name) ? '****' : state.env.get(name));
}

/** How history tells of build arguments: `|2 a=1 b=2`. */
function argumentsUsed(state: StageState): string[] {
  const values = new Map<string, string>();
  for (const { key, value } of state.buildArgs) values.set(key, state.env.get(key) ?? value ?? '');
  if (values.size === 0) return [];
  return [`|${values.size}`, ...[...values].map(([key, value]) => `${key}=${value}`)];
}
