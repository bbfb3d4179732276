import { mkdirSync } from 'node:fs';
import { constants } from 'node:os';
import { internal, invalid, notFound } from '#errdefs';
import type { Mount } from '#oci';
import { bootId, failpoint, processStartTime } from '#sys';
import { ensureParents } from './cgroup/parents.ts';
import type { CgroupRequest } from './cgroup/plan.ts';
import type { OciRuntime } from './command.ts';
import { runCommand, waitsForSpec } from './command.ts';
import type { RuntimeContext } from './context.ts';
import { findRuntime, rootfsPath, runDirectory, shmPath, usersPath } from './context.ts';
import { discard } from './discard.ts';
import type { PlacedMount, UserNamespace } from './monitor/instructions.ts';
import { renderInstructions } from './monitor/instructions.ts';
import { MonitorLink } from './monitor/link.ts';
import { MonitorError } from './monitor/messages.ts';
import type { Field } from './monitor/protocol.ts';
import { beginRun, writeRun } from './records.ts';
import { Run } from './run.ts';
import { errnoText } from './start-error.ts';

const PREPARE_MS = 20_000;

export interface LogTarget {
  readonly path: string;
  /** Bytes; ≤ 0: unlimited. */
  readonly maxSize: number;
  readonly maxFile: number;
  /** Attributes of each line (`labels`, `env` and `tag` of the log options), if any. */
  readonly attributes?: Readonly<Record<string, string>>;
}

/**
 * Netlink messages (netlink(7), all asking for an answer) that give a new network namespace its interfaces: `outside` is
 * sent in the host's namespace and names the new one by the descriptor `netnsFd`, `inside` in the new one.
 */
export interface SandboxLinks {
  readonly netnsFd: number;
  readonly outside: Buffer;
  readonly inside: Buffer;
  /** The interface whose index is written into `inside`, as 32 bits at the offset `indexAt`. */
  readonly interface: string;
  readonly indexAt: number;
  /** Settings of the new namespace: paths below /proc/sys/net; those that the kernel lacks are passed over. */
  readonly settings: readonly (readonly [path: string, value: string])[];
}

export interface PrepareRequest {
  readonly id: string;
  /** '' is the default. */
  readonly runtime: string;
  readonly rootfs: { readonly cwd: string; readonly mounts: readonly Mount[] };
  readonly netns: 'new' | 'host' | { readonly pid: number };
  readonly cgroup: CgroupRequest;
  readonly log: LogTarget | null;
  readonly tty: boolean;
  readonly openStdin: boolean;
  readonly stdinOnce: boolean;
  /** Sources of binds with shared propagation, which must stay peers of the host's mounts. */
  readonly sharedSources?: readonly string[];
  /** Written by the stub in the new network namespace: file to value. */
  readonly sysctls?: Readonly<Record<string, string>>;
  /** What the runtime is to find at {@link Runtime.place}. */
  readonly placed?: readonly PlacedMount[];
  /** Bytes of the shared memory that other containers may bind; absent: it has none of that kind. */
  readonly shmSize?: number;
  /** The spec names it by {@link Runtime.users}. */
  readonly userns?: UserNamespace | undefined;
  /** With `netns: 'new'`: the interfaces that it gets, loopback included; without, only its loopback. */
  readonly links?: SandboxLinks | undefined;
}

export interface Prepared {
  /** The stub: in the container's network namespace and cgroups. */
  readonly pid: number;
}

/**
 * Makes a container's surroundings: a monitor, and a stub that waits in cgroup, namespaces and rootfs. On failure nothing
 * is left. Gone by itself when this daemon dies before the start.
 */
export async function prepare(context: RuntimeContext, request: PrepareRequest): Promise<Prepared> {
  const { id } = request;
  if (context.runs.has(id)) await discard(context, id);
  mkdirSync(rootfsPath(context.execRoot, id), { recursive: true, mode: 0o711 });
  failpoint('runtime.prepare.directory-made');
  try {
    ensureParents(request.cgroup);
    const run = await spawnMonitor(context, request);
    failpoint('runtime.prepare.recorded');
    const pid = await connect(context, run);
    failpoint('runtime.prepare.prepared');
    return { pid };
  } catch (error) {
    await discard(context, id);
    throw explain(error);
  }
}

async function spawnMonitor(context: RuntimeContext, request: PrepareRequest): Promise<Run> {
  const { id, cgroup } = request;
  const directory = runDirectory(context.execRoot, id);
  const runtime = findRuntime(context, request.runtime);
  const command = { manager: cgroup.manager, id, directory, tty: request.tty };
  const { version, directories, oomFile, join, manager } = cgroup;
  const { shmSize: size } = request;
  const shm = size === undefined ? undefined : { path: shmPath(context.execRoot, id), size };
  const record = {
    runtime: runtime.name,
    cgroup: { version, directories, oomFile, join, manager },
    monitor: { pid: 0, startTime: 0 },
    bootId: bootId(),
    ...(shm ? { hasShm: true } : {}),
  };
  // Before there is a monitor: else one whose daemon dies now would leave a cgroup that nobody knows.
  beginRun(directory, record);
  failpoint('runtime.prepare.intended');
  const pid = await context.spawner.spawn(directory, runtime.path, [
    renderInstructions({
      ...request,
      target: rootfsPath(context.execRoot, id),
      ...(shm ? { shm } : {}),
      userns: request.userns && {
        of: request.userns,
        users: usersPath(context.execRoot, id),
        trees: `${directory}/trees`,
      },
    }),
    runCommand(runtime, command),
    flags(request, runtime),
    ...renderLog(request.log),
    cgroup.oomFile,
  ]);
  failpoint('runtime.prepare.spawned');
  record.monitor = { pid, startTime: processStartTime(pid) ?? 0 };
  const run = new Run({ id, directory, record }, context);
  context.runs.set(id, run);
  writeRun(directory, record);
  return run;
}

async function connect({ log }: RuntimeContext, run: Run): Promise<number> {
  const end = performance.now() + PREPARE_MS;
  run.link = await MonitorLink.open(run.directory, run);
  run.adopt(await run.link.state(PREPARE_MS));
  const timer = setTimeout(() => {
    log.warn('monitor did not prepare in time', { container: run.id });
    run.link?.close();
  }, end - performance.now());
  return run.ready.finally(() => clearTimeout(timer));
}

function flags({ tty, openStdin, stdinOnce }: PrepareRequest, runtime: OciRuntime): string {
  return [tty ? 't' : '', openStdin ? 'i' : '', stdinOnce ? 'o' : '', waitsForSpec(runtime) ? 'e' : ''].join('');
}

function renderLog(log: LogTarget | null): Field[] {
  if (!log) return ['', 0, 0, ''];
  const attributes = Object.keys(log.attributes ?? {}).length > 0 ? `"attrs":${JSON.stringify(log.attributes)},` : '';
  return [log.path, Math.max(0, Math.trunc(log.maxSize)), Math.max(0, Math.trunc(log.maxFile)), attributes];
}

/** Docker's words for what a subpath does not lead to; the folder is one of ours and has no spaces. */
function subpathError(error: MonitorError): Error {
  const [, folder = '', subpath = ''] = /^take-beneath (\S+) (.*)$/s.exec(error.message) ?? [];
  const path = `${folder}/${subpath}`;
  const { EXDEV, ELOOP, ENOENT } = constants.errno;
  if (error.number === ENOENT) {
    return notFound(`cannot access path ${path}: lstat ${path}: no such file or directory`, error);
  }
  if (error.number === EXDEV || error.number === ELOOP) {
    return invalid(`path concatenation escapes the base directory, base: ${folder}, subpath: ${subpath}`, error);
  }
  const reason = errnoText(error.number);
  return internal(`error while resolving symlinks in combined path "${path}": ${reason}`, error);
}

function explain(error: unknown): unknown {
  if (!(error instanceof MonitorError)) return error;
  if (error.message.startsWith('take-beneath ')) return subpathError(error);
  const reason = error.number > 0 ? `: ${errnoText(error.number)}` : '';
  return internal(`failed to create task for container: ${error.message}${reason}`, error);
}
