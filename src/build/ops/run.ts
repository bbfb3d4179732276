import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HostConfig } from '#api';
import type { RunEffect } from '#dockerfile';
import { proxyVariables } from '#dockerfile';
import { EngineError, forbidden } from '#errdefs';
import type { ExitRecord } from '#runtime';
import { failpoint } from '#sys';
import type { StepMount } from '../deps.ts';
import type { StepSink } from '../flights.ts';
import { BuildError } from '../result.ts';
import { accountsOf } from './accounts.ts';
import { mountAll } from './mounts.ts';
import { usersOf } from './processes.ts';
import type { StepWork } from './step-work.ts';

/** Sockets have short paths. */
const SHORT = 20;
const HOSTNAME = 'buildkitsandbox';
/** Runs a command in the file system so far. */
export async function run(work: StepWork, effect: RunEffect): Promise<void> {
  assertGranted(work, effect);
  const { context, key, sink, signal } = work;
  const { snapshots, processes } = context;
  await using stack = new AsyncDisposableStack();
  const folder = join(context.volatileFolder, key.slice(0, SHORT));
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  stack.defer(() => rmSync(folder, { recursive: true, force: true }));
  failpoint('build.run.folder');
  // Tells a next daemon whose place in a network is to be given back.
  const mark = join(context.folder, 'steps', key);
  mkdirSync(mark, { recursive: true, mode: 0o700 });
  stack.defer(() => {
    rmSync(mark, { recursive: true, force: true });
    failpoint('build.run.unmarked');
  });
  failpoint('build.run.marked');
  const mounted = await mountAll(work, effect, { folder, stack });
  failpoint('build.run.mounted');
  const hostConfig = hostConfigOf(work, effect, mounted.tmpfs);
  const config = {
    ...context.emptyConfig,
    Hostname: work.request.hostname || HOSTNAME,
    User: effect.user,
    // The engine's own variable of this name is for containers.
    Env: ['HOSTNAME', ...effect.env, ...proxyVariables(work.request.buildArgs), ...mounted.env],
    Cmd: [...effect.args],
    WorkingDir: effect.workdir,
  };
  const format = formatErrors(sink);
  const begin = () =>
    processes.run({
      ...{ id: key, rootfs: snapshots.mounts(key), placed: mounted.placed, sink: format.sink, signal },
      sandbox: {
        ...{ containerId: key, name: `build-${key.slice(0, 12)}`, hostname: config.Hostname, domainname: '' },
        ...{ hostConfig, config, endpoints: {} },
      },
      spec: async (contents) => ({
        ...{ id: key, config, hostConfig, accounts: await accountsOf(context, key), files: {} },
        mounts: [...writeFiles(folder, contents, config.Hostname, hostConfig), ...mounted.mounts].map(alone),
        namespaces: {
          network: hostConfig.NetworkMode === 'host' ? ('host' as const) : ('inherited' as const),
          ...(usersOf(context, hostConfig) && { users: context.runtime.users(key) }),
        },
      }),
    });
  const { exitCode, oomKilled } = await inItsWords(work, effect, begin);
  signal.throwIfAborted();
  const isLookedInto = exitCode === 0 || work.inputs.onFailed !== undefined;
  const places = mounted.made.map((path) => Buffer.from(path).toString('latin1'));
  if (isLookedInto && places.length > 0) {
    await snapshots.compose(key, { source: undefined, actions: [{ do: 'drop', paths: places }] }, { signal });
  }
  if (exitCode !== 0) throw failure(effect, format.met ? WRONG_FORMAT : exitCode, oomKilled);
}

/** Docker's exit code of a program for another machine, which no emulator takes. */
const WRONG_FORMAT = 255;
const CRUN_WORDS = /^\{"msg":"exec container process `(.*)`: Exec format error".*\}\n$/;

/** Says as runc does that a program is for another machine. */
function formatErrors(sink: StepSink): { readonly sink: StepSink; readonly met: boolean } {
  let met = false;
  const log: StepSink['log'] = (stream, chunk) => {
    const [, program] = (stream === 'stderr' && CRUN_WORDS.exec(Buffer.from(chunk).toString())) || [];
    met ||= program !== undefined;
    sink.log(stream, program === undefined ? chunk : Buffer.from(`exec ${program}: exec format error\n`));
  };
  return {
    sink: { started: () => sink.started(), status: (id, current, total) => sink.status(id, current, total), log },
    get met() {
      return met;
    },
  };
}

/** crun's recursive read-only takes folders only. */
const alone = (mount: StepMount): StepMount => (mount.readonly ? { ...mount, readOnlyNonRecursive: true } : mount);

/** Docker: a command that cannot be begun has ended with 1, and the runtime's words are its output. */
async function inItsWords(
  { sink, signal }: StepWork,
  effect: RunEffect,
  work: () => Promise<ExitRecord>,
): Promise<Pick<ExitRecord, 'exitCode' | 'oomKilled'>> {
  try {
    return await work();
  } catch (error) {
    if (signal.aborted || !(error instanceof EngineError)) throw error;
    const { message, kind } = error;
    if (message.startsWith('unable to find ')) throw new BuildError(ending(effect, message), { cause: error }, kind);
    const words = /^failed to create task for container: .*?OCI runtime create failed: (.*)$/s.exec(message)?.[1];
    if (words === undefined) throw error;
    sink.log('stderr', Buffer.from(`${words}\n`));
    return { exitCode: 1, oomKilled: false };
  }
}

const ending = ({ args }: RunEffect, how: string): string =>
  `process ${JSON.stringify(args.join(' '))} did not complete successfully: ${how}`;

function failure(effect: RunEffect, exitCode: number, oomKilled: boolean): BuildError {
  const memory = oomKilled ? ': cannot allocate memory' : '';
  return new BuildError(ending(effect, `exit code: ${exitCode}${memory}`), { exitCode });
}

/** Docker: a step finds names in files that it cannot write, and the image's own /etc/hostname. */
function writeFiles(
  folder: string,
  { hosts, resolvConf }: { readonly hosts: string; readonly resolvConf: string },
  hostname: string,
  { ExtraHosts }: HostConfig,
): StepMount[] {
  const write = (name: string, text: string): StepMount => {
    const source = join(folder, name);
    writeFileSync(source, text, { mode: 0o644 });
    return { source, destination: `/etc/${name}`, readonly: true };
  };
  const files = [write('hosts', hostsOf(hosts, hostname, ExtraHosts ?? [])), write('resolv.conf', resolvConf)];
  failpoint('build.run.files-written');
  return files;
}

/** The same for every step, without the addresses that it happens to have. */
function hostsOf(hosts: string, hostname: string, extraHosts: readonly string[]): string {
  const names = new Set(extraHosts.map((entry) => entry.slice(0, entry.indexOf(':'))));
  const extra = hosts.split('\n').filter((line) => names.has(line.split('\t')[1] ?? ''));
  const lines = [`127.0.0.1\tlocalhost ${hostname}`, '::1\tlocalhost ip6-localhost ip6-loopback', ...extra];
  return `${lines.join('\n')}\n`;
}

/** What a Dockerfile asks for is granted only if the build's caller did; privileges are granted to none, as dockerd does. */
function assertGranted({ request }: StepWork, { network, security }: RunEffect): void {
  if (security === 'insecure') throw forbidden('failed to load LLB: security.insecure is not allowed');
  if (network === 'host' && request.network !== 'host' && !request.entitlements.includes('network.host')) {
    throw forbidden('failed to load LLB: network.host is not allowed');
  }
}

function hostConfigOf(
  { context, request }: StepWork,
  { network }: RunEffect,
  tmpfs: Readonly<Record<string, string>>,
): HostConfig {
  const { limits } = request;
  const mode = network === 'default' ? request.network || 'default' : network;
  const given: HostConfig = {
    ...context.emptyHostConfig,
    NetworkMode: mode === 'default' ? 'bridge' : mode,
    ExtraHosts: [...request.extraHosts],
    Ulimits: request.ulimits.map((limit) => ({ ...limit })),
    CgroupParent: request.cgroupParent,
    Memory: limits.memory,
    MemorySwap: limits.memorySwap,
    CpuShares: limits.cpuShares,
    CpuPeriod: limits.cpuPeriod,
    CpuQuota: limits.cpuQuota,
    CpusetCpus: limits.cpusetCpus,
    CpusetMems: limits.cpusetMems,
    Tmpfs: { ...tmpfs },
  };
  const checked = context.validateHostConfig(given).hostConfig;
  return request.shmSize > 0 ? { ...checked, ShmSize: request.shmSize } : checked;
}
