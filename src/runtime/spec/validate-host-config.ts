import type { HostConfig } from '#api';
import { EngineError, invalid } from '#errdefs';
import { validateCgroupParent } from '../cgroup/place.ts';
import type { ResourceFacts } from '../host-facts.ts';
import { normalizeCapabilities } from './capabilities.ts';
import type { SpecDefaults, SpecHost } from './input.ts';
import { validateNamespaceModes } from './namespaces.ts';
import { maskedPaths, readonlyPaths } from './paths.ts';
import { parseSecurityOptions } from './security-options.ts';
import { validateSysctls } from './sysctl.ts';
import { validateResources } from './validate-resources.ts';

export interface HostConfigContext {
  readonly facts: ResourceFacts;
  readonly host: SpecHost;
  readonly defaults: SpecDefaults;
}

/**
 * Checks at create what concerns the runtime, with Docker's texts, and returns the HostConfig that inspect shows:
 * defaults filled in, what this host cannot do discarded (with a warning). Networks, mounts and logs are others' to check.
 */
export function validateHostConfig(
  given: HostConfig,
  { facts, host, defaults }: HostConfigContext,
): { hostConfig: HostConfig; warnings: readonly string[] } {
  if (!['', 'default'].includes(given.Isolation)) {
    throw invalid(`invalid isolation (${given.Isolation}): linux only supports 'default'`);
  }
  capabilities('CapAdd', given.CapAdd, host);
  capabilities('CapDrop', given.CapDrop, host);
  parseSecurityOptions(given.SecurityOpt ?? []);
  const adapted = withDefaults(given, { facts, host, defaults });
  const { resources, warnings } = validateResources(adapted, facts);
  validateNamespaceModes(given);
  if (given.ShmSize < 0) throw invalid('SHM size can not be less than 0');
  if (given.OomScoreAdj < -1000 || given.OomScoreAdj > 1000) {
    throw invalid(`Invalid value ${given.OomScoreAdj}, range for oom score adj is [-1000, 1000]`);
  }
  validateCgroupParent(given.CgroupParent, facts.cgroupDriver);
  for (const target of Object.keys(given.Tmpfs ?? {})) validateTmpfsTarget(target);
  validateSysctls(given);
  return { hostConfig: { ...adapted, ...resources }, warnings: [...warnings, ...networkWarnings(given, facts)] };
}

function withDefaults(given: HostConfig, { facts, host, defaults }: HostConfigContext): HostConfig {
  const cgroupns = defaults.cgroupnsMode || (facts.cgroupVersion === 2 ? 'private' : 'host');
  return {
    ...given,
    MemorySwap: given.Memory > 0 && given.MemorySwap === 0 ? given.Memory * 2 : given.MemorySwap,
    ShmSize: given.ShmSize === 0 ? defaults.shmSize : given.ShmSize,
    IpcMode: given.IpcMode || defaults.ipcMode || 'private',
    CgroupnsMode: given.CgroupnsMode || cgroupns,
    OomKillDisable: given.OomKillDisable ?? false,
    SecurityOpt: securityOptions(given),
    MaskedPaths: given.MaskedPaths ?? (given.Privileged ? null : maskedPaths(given, host.thermalPaths)),
    ReadonlyPaths: given.ReadonlyPaths ?? (given.Privileged ? null : readonlyPaths(given)),
  };
}

/** Docker: containers that share the host's processes say so to SELinux, and inspect shows it. */
function securityOptions({ SecurityOpt, IpcMode, PidMode, Privileged }: HostConfig): string[] | null {
  const labelled = SecurityOpt?.some((option) => option.split('=')[0] === 'label');
  if (labelled || !(Privileged || IpcMode === 'host' || PidMode === 'host')) return SecurityOpt;
  return [...(SecurityOpt ?? []), 'label=disable'];
}

function capabilities(field: 'CapAdd' | 'CapDrop', names: readonly string[] | null, host: SpecHost): void {
  try {
    normalizeCapabilities(names ?? [], host.capabilities);
  } catch (error) {
    if (error instanceof EngineError) throw invalid(`invalid ${field}: ${error.message}`, error);
    throw error;
  }
}

function validateTmpfsTarget(target: string): void {
  if (!target.startsWith('/')) throw invalid(`invalid mount path: '${target}' mount path must be absolute`);
  if (/^\/+$/.test(target)) throw invalid("invalid specification: destination can't be '/'");
}

function networkWarnings({ NetworkMode, PortBindings }: HostConfig, facts: ResourceFacts): string[] {
  const warnings: string[] = [];
  if (!facts.ipv4Forwarding && NetworkMode !== 'host' && NetworkMode !== 'none') {
    warnings.push('IPv4 forwarding is disabled. Networking will not work.');
  }
  if (NetworkMode === 'host' && Object.keys(PortBindings ?? {}).length > 0) {
    warnings.push('Published ports are discarded when using host network mode');
  }
  return warnings;
}
