import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HostConfig } from '#api';
import type { RunEffect } from '#dockerfile';
import { proxyVariables } from '#dockerfile';
import { forbidden } from '#errdefs';
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
    Env: [...effect.env, ...proxyVariables(work.request.buildArgs), ...mounted.env],
    Cmd: [...effect.args],
    WorkingDir: effect.workdir,
  };
  const format = formatErrors(sink);
  const { exitCode, oomKilled } = await processes.run({
    ...{ id: key, rootfs: snapshots.mounts(key), placed: mounted.placed, sink: format.sink, signal },
    sandbox: {
      ...{ containerId: key, name: `build-${key.slice(0, 12)}`, hostname: config.Hostname, domainname: '' },
      ...{ hostConfig, config, endpoints: {} },
    },
    spec: async (contents) => ({
      ...{ id: key, config, hostConfig, accounts: await accountsOf(context, key), mounts: mounted.mounts.map(alone) },
      files: writeFiles(folder, contents),
      namespaces: {
        network: hostConfig.NetworkMode === 'host' ? ('host' as const) : ('inherited' as const),
        ...(usersOf(context, hostConfig) && { users: context.runtime.users(key) }),
      },
    }),
  });
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

function failure({ args }: RunEffect, exitCode: number, oomKilled: boolean): BuildError {
  const words = args.join(' ');
  const memory = oomKilled ? ': cannot allocate memory' : '';
  return new BuildError(
    `process ${JSON.stringify(words)} did not complete successfully: exit code: ${exitCode}${memory}`,
    {
      exitCode,
    },
  );
}

function writeFiles(
  folder: string,
  { hosts, resolvConf, hostname }: Record<'hosts' | 'resolvConf' | 'hostname', string>,
) {
  const write = (name: string, text: string) => {
    const path = join(folder, name);
    writeFileSync(path, text, { mode: 0o644 });
    return path;
  };
  const files = {
    hosts: write('hosts', hosts),
    resolvConf: write('resolv.conf', resolvConf),
    hostname: write('hostname', hostname),
  };
  failpoint('build.run.files-written');
  return files;
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
