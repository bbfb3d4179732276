import { invalid } from '#errdefs';

/** Linux capabilities by number (capability.h). */
export const CAPABILITIES = [
  'CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE',
  'NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN',
  'SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE',
  'MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE',
].flatMap((line) => line.split(' ').map((name) => `CAP_${name}`));

/** What a container has unless asked otherwise. */
export const DEFAULT_CAPABILITIES: readonly string[] = [
  'CHOWN DAC_OVERRIDE FSETID FOWNER MKNOD NET_RAW SETGID SETUID SETFCAP SETPCAP NET_BIND_SERVICE SYS_CHROOT KILL',
  'AUDIT_WRITE',
].flatMap((line) => line.split(' ').map((name) => `CAP_${name}`));

/** The names in a mask as /proc/<pid>/status prints it. */
export function capabilitiesOf(mask: bigint): string[] {
  return CAPABILITIES.filter((_, bit) => (mask >> BigInt(bit)) & 1n);
}

/** Upper-cases and prefixes names; refuses what does not exist or what this host cannot give. `ALL` stays. */
export function normalizeCapabilities(names: readonly string[], available: readonly string[]): string[] {
  return names.map((given) => {
    const upper = given.toUpperCase();
    if (upper === 'ALL') return upper;
    const name = upper.startsWith('CAP_') ? upper : `CAP_${upper}`;
    if (!CAPABILITIES.includes(name)) throw invalid(`unknown capability: "${name}"`);
    if (!available.includes(name)) {
      throw invalid(`capability not supported by your kernel or not available in the current environment: "${name}"`);
    }
    return name;
  });
}

export interface CapabilityRequest {
  readonly CapAdd: readonly string[] | null;
  readonly CapDrop: readonly string[] | null;
  readonly Privileged: boolean;
}

/** The container's bounding set: `ALL` in CapAdd wins over `ALL` in CapDrop, as Docker has it. */
export function containerCapabilities(request: CapabilityRequest, available: readonly string[]): string[] {
  if (request.Privileged) return [...available];
  // Docker: the defaults are not checked against the host; what it lacks is left out here, or the runtime would fail.
  const defaults = DEFAULT_CAPABILITIES.filter((name) => available.includes(name));
  const drop = normalizeCapabilities(request.CapDrop ?? [], available);
  const add = normalizeCapabilities(request.CapAdd ?? [], available);
  if (add.includes('ALL')) return available.filter((name) => !drop.includes(name));
  if (drop.includes('ALL')) return [...new Set(add)];
  return [...new Set([...defaults.filter((name) => !drop.includes(name)), ...add])];
}
