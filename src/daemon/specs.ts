import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { HostConfig, UpdateConfig } from '#api';
import type { ExecSpecRequest, Rendered, SpecRequest } from '#container';
import type { Log } from '#log';
import type { OciProcess, OciResources } from '#oci';
import type { HostFacts, SpecDefaults } from '#runtime';
import {
  apparmorProfile,
  buildCgroup,
  buildSpec,
  containerResources,
  defaultProfile,
  detectHostFacts,
  detectSpecHost,
  disablesCgroups,
  execProcess,
  findDevices,
  isRuncShim,
  readRegistry,
  SeccompCompiler,
  stubSysctls,
  validateHostConfig,
  validateResources,
} from '#runtime';
import type { DaemonConfig } from './config.ts';

const INIT = fileURLToPath(new URL('../../build/native/gantry-init', import.meta.url));

/** What this host can limit changes when somebody mounts a cgroup hierarchy: not between two creates. */
const FACTS_MS = 5_000;

/** Where specs are computed: what the container module asks for, joined with this host and the daemon's settings. */
export interface Specs {
  stubSysctls(hostConfig: HostConfig): Readonly<Record<string, string>>;
  apparmorProfile(hostConfig: HostConfig): string | undefined;
  planCgroup(container: { id: string; hostConfig: HostConfig }): Rendered['cgroup'];
  renderSpec(request: SpecRequest): Rendered;
  renderExec(request: ExecSpecRequest): OciProcess;
  validateHostConfig(given: HostConfig): { hostConfig: HostConfig; warnings: readonly string[] };
  validateUpdate(given: UpdateConfig): { resources: Omit<UpdateConfig, 'RestartPolicy'>; warnings: readonly string[] };
  renderResources(hostConfig: HostConfig): OciResources;
  facts(): HostFacts;
  /** The settings of containers that come from now on. */
  configure(config: DaemonConfig): void;
}

/** `rootfs` gives the place of a container's root file system as its runtime sees it; `runtimePath` a runtime's binary. */
export function createSpecs(
  config: DaemonConfig,
  {
    suffix,
    log,
    rootfs,
    runtimePath,
  }: { suffix: string; log: Log; rootfs: (id: string) => string; runtimePath: (name: string) => string },
): Specs {
  const host = detectSpecHost();
  let { defaultRuntime } = config;
  let defaults = specDefaults(config, suffix);
  const { cgroupDriver, seccompProfile } = defaults;
  const facts = () => detectHostFacts(host, { cgroupDriver, seccompProfile });
  const recentFacts = kept(facts, FACTS_MS);
  const compiler = new SeccompCompiler((error) => log.warn('seccomp profile not compiled', { error }));
  const cdi = () => {
    if (config.cdiFolders.length === 0) return undefined;
    const registry = readRegistry(config.cdiFolders);
    for (const fault of registry.faults) log.warn('CDI file passed over', { fault });
    return registry;
  };
  const runtimeOf = ({ Runtime }: HostConfig) => {
    const name = Runtime === '' || isRuncShim(Runtime) ? defaultRuntime : Runtime;
    return { name, disablesCgroups: disablesCgroups({ path: runtimePath(name) }) };
  };
  const surroundings = <T extends { hostConfig: HostConfig }>(request: T) => ({
    ...request,
    suffix,
    devices: findDevices,
    cdi,
    runtime: runtimeOf(request.hostConfig),
    defaults,
    host,
  });
  return {
    facts,
    apparmorProfile: (hostConfig) => apparmorProfile(hostConfig, { host, defaults }),
    stubSysctls: (hostConfig) => stubSysctls({ hostConfig, runtime: runtimeOf(hostConfig) }),
    planCgroup: (container) => buildCgroup(surroundings(container)),
    configure: (next) => {
      defaults = specDefaults(next, suffix);
      defaultRuntime = next.defaultRuntime;
    },
    renderSpec: (request) =>
      buildSpec({
        ...surroundings(request),
        rootfs: rootfs(request.id),
        compileSeccomp: (profile) => compiler.compile(profile),
      }),
    renderExec: (request) => renderExec(request, { defaults, host }),
    validateHostConfig: (given) => validateHostConfig(given, { facts: recentFacts(), host, defaults }),
    validateUpdate: (given) => validateResources(given, recentFacts(), { update: true }),
    renderResources: (hostConfig) =>
      containerResources(hostConfig, { pidsDefault: defaults.pidsLimit, lookup: findDevices }),
  };
}

function renderExec(
  { config, hostConfig, accounts, exec, linkEnv }: ExecSpecRequest,
  { defaults, host }: Pick<Parameters<typeof execProcess>[0], 'defaults' | 'host'>,
): OciProcess {
  return execProcess({
    exec: {
      args: exec.Cmd ?? [],
      env: exec.Env ?? [],
      user: exec.User,
      workingDir: exec.WorkingDir,
      tty: exec.Tty,
      privileged: exec.Privileged,
      ...(exec.ConsoleSize ? { consoleSize: [exec.ConsoleSize[0] ?? 0, exec.ConsoleSize[1] ?? 0] as const } : {}),
    },
    config,
    hostConfig,
    accounts,
    defaults,
    host,
    ...(linkEnv ? { linkEnv } : {}),
  });
}

function specDefaults({ containers }: DaemonConfig, suffix: string): SpecDefaults {
  return {
    init: containers.init,
    initPath: containers.initPath ?? INIT,
    shmSize: containers.shmSize,
    ipcMode: containers.ipcMode ?? '',
    cgroupnsMode: containers.cgroupnsMode ?? '',
    pidsLimit: containers.pidsLimit,
    ulimits: containers.ulimits,
    noNewPrivileges: containers.noNewPrivileges,
    seccompProfile: seccompProfile(containers.seccompProfile),
    apparmorProfile: defaultProfile(suffix),
    cgroupParent: containers.cgroupParent ?? '',
    cgroupDriver: containers.cgroupDriver ?? '',
  };
}

/** The key holds a word or the path of a profile. */
function seccompProfile(setting: string | undefined): string {
  if (setting === undefined || setting === 'builtin' || setting === 'unconfined') return setting ?? '';
  return readFileSync(setting, 'utf8');
}

/** Calls `read` again only when its last value is older than `ms`. */
function kept<T>(read: () => T, ms: number): () => T {
  let value: T;
  let until = Number.NEGATIVE_INFINITY;
  return () => {
    const now = performance.now();
    if (now >= until) {
      value = read();
      until = now + ms;
    }
    return value;
  };
}
