import { invalid } from '#errdefs';
import type { OciProcess, OciResources, OciSpec } from '#oci';
import { applyEdits, editedRules } from '../cdi/apply.ts';
import type { ContainerEdits } from '../cdi/edits.ts';
import { requestedEdits } from '../cdi/requested.ts';
import type { PlanRequest } from '../cgroup/make-plan.ts';
import { planCgroup } from '../cgroup/make-plan.ts';
import { cgroupDriver } from '../cgroup/place.ts';
import type { CgroupRequest } from '../cgroup/plan.ts';
import { specSeccomp } from '../seccomp/select.ts';
import { apparmorProfile } from './apparmor.ts';
import { containerCapabilities } from './capabilities.ts';
import { containerDevices } from './devices.ts';
import { environment } from './environment.ts';
import type { SpecInput } from './input.ts';
import { rootfsPropagation, specMounts } from './mounts.ts';
import { specNamespaces } from './namespaces.ts';
import { maskedPaths, readonlyPaths } from './paths.ts';
import { containerResources } from './resources.ts';
import { containerRlimits } from './rlimits.ts';
import type { SecurityOptions } from './security-options.ts';
import { parseSecurityOptions } from './security-options.ts';
import { containerSysctls, isOfNetwork, networkSysctlFiles } from './sysctl.ts';
import { systemdProperties } from './systemd-properties.ts';
import { resolveUser } from './user.ts';

export interface BuiltSpec {
  readonly spec: OciSpec;
  readonly cgroup: CgroupRequest;
  readonly warnings: readonly string[];
}

/**
 * Renders a container as an OCI spec and a cgroup plan. Pure but for `input.devices`. Throws the errors Docker gives at
 * start (unknown user, device, capability …) with its texts.
 */
export function buildSpec(input: SpecInput): BuiltSpec {
  const { hostConfig, config, host, defaults } = input;
  const security = parseSecurityOptions(hostConfig.SecurityOpt ?? [], defaults.noNewPrivileges);
  const { devices, rules, edits } = requestedDevices(input);
  const resources = specResources(input, rules);
  const cgroup = planCgroup(placeOf(input, resources));
  const process = containerProcess(input, security);
  const spec: OciSpec = {
    ociVersion: '1.0.2',
    process,
    root: { path: input.rootfs, ...(hostConfig.ReadonlyRootfs ? { readonly: true } : {}) },
    ...(hostConfig.UTSMode === 'host' ? {} : { hostname: config.Hostname }),
    mounts: specMounts(input, {
      init: hasInit(input),
      writableCgroups: security.writableCgroups ?? hostConfig.Privileged,
    }),
    linux: {
      namespaces: specNamespaces(hostConfig, input.namespaces, host.cgroup.version),
      cgroupsPath: cgroup.cgroupsPath,
      ...(cgroup.manager === 'disabled' ? {} : { resources }),
      sysctl: sysctls(input),
      devices,
      maskedPaths: maskedPaths(hostConfig, host.thermalPaths),
      readonlyPaths: readonlyPaths(hostConfig),
    },
  };
  const propagation = rootfsPropagation(input.mounts);
  if (propagation) spec.linux.rootfsPropagation = propagation;
  if (edits) applyEdits(spec, edits, input.devices);
  const seccomp = specSeccomp(input, security.seccomp, process.capabilities?.bounding ?? []);
  if (seccomp.profile) spec.linux.seccomp = seccomp.profile;
  // Only the user's annotations: those of images never reach a spec.
  const annotations = { ...hostConfig.Annotations, ...seccomp.annotations, ...cgroupAnnotations(cgroup, resources) };
  if (Object.keys(annotations).length > 0) spec.annotations = annotations;
  return { spec, cgroup, warnings: [] };
}

/** systemd's scope is the container's cgroup itself, as runc has it, without crun's `container` below it. */
function cgroupAnnotations({ manager, version }: CgroupRequest, resources: OciResources): Record<string, string> {
  if (manager !== 'systemd') return {};
  return { 'run.oci.systemd.subgroup': '', ...(version === 2 ? systemdProperties(resources) : {}) };
}

/** What the cgroup of a spec is planned from. */
export type CgroupInput = Pick<
  SpecInput,
  'id' | 'suffix' | 'hostConfig' | 'defaults' | 'host' | 'runtime' | 'devices' | 'cdi'
>;

/** The cgroup plan of {@link buildSpec} without the rest, which needs more time and the image's files. */
export function buildCgroup(input: CgroupInput): CgroupRequest {
  const { rules } = requestedDevices(input);
  return planCgroup(placeOf(input, specResources(input, rules)));
}

/** The files that the stub writes in the container's network namespace, for runtimes that do not set its sysctls there. */
export function stubSysctls({
  hostConfig,
  runtime,
}: Pick<SpecInput, 'hostConfig' | 'runtime'>): Record<string, string> {
  const isOwn = hostConfig.NetworkMode !== 'host' && !hostConfig.NetworkMode.startsWith('container:');
  return runtime.disablesCgroups || !isOwn ? {} : networkSysctlFiles(hostConfig);
}

/** Devices by path, and what device requests change. */
function requestedDevices({ hostConfig, devices: lookup, cdi }: CgroupInput): ReturnType<typeof containerDevices> & {
  edits?: ContainerEdits;
} {
  const own = containerDevices(hostConfig, lookup);
  if (!hostConfig.DeviceRequests?.length) return own;
  const edits = requestedEdits(hostConfig.DeviceRequests, cdi);
  return { ...own, rules: [...own.rules, ...editedRules(edits, lookup)], edits };
}

function specResources({ hostConfig, defaults, devices }: CgroupInput, rules: OciResources['devices']): OciResources {
  return {
    devices: rules,
    ...containerResources(hostConfig, { pidsDefault: defaults.pidsLimit, lookup: devices }),
  };
}

function placeOf(
  { id, suffix, hostConfig, defaults, host, runtime }: CgroupInput,
  resources: OciResources,
): PlanRequest {
  return {
    name: { id, suffix, parent: hostConfig.CgroupParent || defaults.cgroupParent },
    layout: host.cgroup,
    driver: cgroupDriver(host.cgroup, defaults.cgroupDriver),
    disablesCgroups: runtime.disablesCgroups,
    resources,
  };
}

/** An init is added only where the container has a pid namespace of its own. */
function hasInit({ hostConfig, defaults }: SpecInput): boolean {
  return hostConfig.PidMode === '' && (hostConfig.Init ?? defaults.init);
}

const PING = 'net.ipv4.ping_group_range';

/** Docker: the domain name is a sysctl, which reaches crun and runc alike. */
function sysctls({ hostConfig, config, runtime, namespaces }: SpecInput): Record<string, string> {
  const { [PING]: ping, ...others } = containerSysctls(hostConfig);
  // The groups of our default are not all there in a user namespace, whose root may ping without it.
  const isKept = ping !== undefined && (namespaces.users === undefined || hostConfig.Sysctls?.[PING] !== undefined);
  const every = { ...others, ...(isKept ? { [PING]: ping } : {}) };
  // runc takes the namespace that the stub is in for the host's and refuses: the stub sets them.
  const all = runtime.disablesCgroups
    ? every
    : Object.fromEntries(Object.entries(every).filter(([name]) => !isOfNetwork(name)));
  if (!config.Domainname || hostConfig.UTSMode === 'host') return all;
  return { 'kernel.domainname': config.Domainname, ...all };
}

function containerProcess(input: SpecInput, security: SecurityOptions): OciProcess {
  const { config, hostConfig, accounts, defaults, host } = input;
  const command = [...(config.Entrypoint ?? []), ...(config.Cmd ?? [])];
  if (command.length === 0) throw invalid('no command specified');
  const { user, home } = resolveUser(config.User, accounts, hostConfig.GroupAdd ?? []);
  const capabilities = containerCapabilities(hostConfig, host.capabilities);
  const rlimits = containerRlimits(hostConfig.Ulimits ?? [], defaults.ulimits);
  const [height, width] = hostConfig.ConsoleSize;
  const profile = apparmorProfile(hostConfig, input);
  return {
    ...(config.Tty ? { terminal: true } : {}),
    ...(config.Tty && height > 0 && width > 0 ? { consoleSize: { height, width } } : {}),
    user,
    args: hasInit(input) ? ['/sbin/docker-init', '--', ...command] : command,
    env: environment({
      hostname: config.Hostname,
      tty: config.Tty,
      home,
      links: input.linkEnv ?? [],
      env: config.Env ?? [],
    }),
    cwd: config.WorkingDir || '/',
    capabilities: { bounding: capabilities, effective: capabilities, permitted: capabilities },
    ...(rlimits.length > 0 ? { rlimits } : {}),
    ...(security.noNewPrivileges ? { noNewPrivileges: true } : {}),
    ...(profile ? { apparmorProfile: profile } : {}),
    oomScoreAdj: hostConfig.OomScoreAdj,
  };
}
