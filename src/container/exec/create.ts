import type { ExecConfig } from '#api';
import { parseDetachKeys } from '#api';
import { conflict, internal, invalid } from '#errdefs';
import { failpoint } from '#sys';
import type { Context } from '../context.ts';
import { linkEnvironment } from '../link-environment.ts';
import type { Container } from '../record.ts';
import { hasProcess } from '../record.ts';
import { accountsOf } from '../sandbox.ts';
import { tell } from '../tell.ts';
import type { Exec } from './execs.ts';

/** Prepares a further process in a running container; nothing runs yet. */
export async function createExec(
  context: Context,
  container: Container,
  { config, reference }: { config: ExecConfig; reference: string },
): Promise<Exec> {
  if (!config.Cmd?.length) throw invalid('No exec command specified');
  assertExecutable(container, reference);
  const detachKeys = parseDetachKeys(config.DetachKeys, (text) => internal(`Invalid escape keys (${text}) provided`));
  // Docker: an unknown user is refused here, not at the start.
  if (config.User) await processOf(context, container, config);
  const exec = context.execs.add(container.id, config, detachKeys);
  tellExec(context, container, { exec, action: `exec_create: ${commandOf(config)}` });
  failpoint('container.exec.created');
  context.runtime.prepareExec(container.id, { execId: exec.id, tty: config.Tty, stdin: config.AttachStdin });
  return exec;
}

export function assertExecutable(container: Container, reference: string): void {
  if (container.status === 'paused') {
    throw conflict(`Container ${reference} is paused, unpause the container before exec`);
  }
  if (container.status === 'restarting') {
    throw conflict(`Container ${container.id} is restarting, wait until the container is running`);
  }
  if (!hasProcess(container)) throw conflict(`container ${container.id} is not running`);
}

/** The process that the runtime is to start. */
export async function processOf(context: Context, container: Container, config: ExecConfig) {
  const { hostConfig, config: own } = container.spec;
  const linkEnv = linkEnvironment(context, container);
  const accounts = await accountsOf(context, container);
  return context.renderExec({ config: own, hostConfig, accounts, exec: config, linkEnv });
}

/** Docker: program, a space, and the arguments, also when there are none. */
export function commandOf({ Cmd }: ExecConfig): string {
  const [program = '', ...args] = Cmd ?? [];
  return `${program} ${args.join(' ')}`;
}

export function tellExec(
  context: Context,
  container: Container,
  { exec, action, more }: { exec: Exec; action: string; more?: Record<string, string> },
): void {
  context.store.tx(() => tell(context, container, action, { execID: exec.id, ...more }));
}
