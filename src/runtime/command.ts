import { basename } from 'node:path';
import type { CgroupPlan } from './cgroup/plan.ts';

/** An OCI runtime as daemon.json names it, with its binary found. */
export interface OciRuntime {
  readonly name: string;
  /** Absolute. */
  readonly path: string;
  readonly args: readonly string[];
  /** Its `--root`. */
  readonly root: string;
}

/** Whether its cgroup manager can be switched off, so that the stub may join cgroups by itself. */
export function disablesCgroups({ path }: Pick<OciRuntime, 'path'>): boolean {
  return basename(path).startsWith('crun');
}

/** Whether it reads its spec once, from the beginning to the end, before it does anything: then it may wait for it. */
export const waitsForSpec = disablesCgroups;

export interface Command {
  readonly manager: CgroupPlan['manager'];
  readonly id: string;
  /** The monitor's directory, which is the bundle too. */
  readonly directory: string;
  readonly tty: boolean;
}

/** The words that run a container detached. */
export function runCommand(runtime: OciRuntime, command: Command): string[] {
  const { directory, id, tty } = command;
  const socket = tty ? ['--console-socket', consolePath(runtime, directory, 'tty')] : [];
  const files = ['--bundle', directory, '--pid-file', `${directory}/pid`];
  return [...globals(runtime, command, 'runtime.log'), 'run', '--detach', ...files, ...socket, id];
}

/** The words that run a further process detached; its `process` document lies in `exec-<id>.process`. */
export function execCommand(runtime: OciRuntime, command: Command, exec: string): string[] {
  const { directory, id, tty } = command;
  const socket = tty ? ['--tty', '--console-socket', consolePath(runtime, directory, `exec-${exec}.tty`)] : [];
  const files = ['--process', `${directory}/exec-${exec}.process`, '--pid-file', `${directory}/exec-${exec}.pid`];
  return [...globals(runtime, command, `exec-${exec}.log`), 'exec', '--detach', ...files, ...socket, id];
}

/** The words that make a runtime forget a container; for runtimes that keep more than a state folder. */
export function deleteCommand(runtime: OciRuntime, id: string): string[] {
  return ['--root', runtime.root, ...runtime.args, 'delete', '--force', id];
}

/** Addresses of sockets are short; crun takes longer ones, the others start in the directory. */
function consolePath(runtime: OciRuntime, directory: string, name: string): string {
  return disablesCgroups(runtime) ? `${directory}/${name}` : name;
}

function globals(runtime: OciRuntime, { manager, directory }: Command, log: string): string[] {
  const cgroups = disablesCgroups(runtime)
    ? [`--cgroup-manager=${manager}`]
    : manager === 'systemd'
      ? ['--systemd-cgroup']
      : [];
  const logging = ['--log', `${directory}/${log}`, '--log-format', 'json'];
  return [basename(runtime.path), '--root', runtime.root, ...logging, ...cgroups, ...runtime.args];
}
