const MASKED_PATHS = [
  '/proc/asound',
  '/proc/acpi',
  '/proc/interrupts',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/sys/firmware',
  '/sys/devices/virtual/powercap',
];

const READONLY_PATHS = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'];

export interface PathRequest {
  readonly Privileged: boolean;
  readonly MaskedPaths: readonly string[] | null;
  readonly ReadonlyPaths: readonly string[] | null;
}

/** The masked paths of a container: null means the default list (none when privileged), [] none. */
export function maskedPaths(request: PathRequest, thermalPaths: readonly string[]): string[] {
  if (request.MaskedPaths !== null) return [...request.MaskedPaths];
  return request.Privileged ? [] : [...MASKED_PATHS, ...thermalPaths];
}

/** The read-only paths of a container: null means the default list (none when privileged), [] none. */
export function readonlyPaths(request: PathRequest): string[] {
  if (request.ReadonlyPaths !== null) return [...request.ReadonlyPaths];
  return request.Privileged ? [] : [...READONLY_PATHS];
}
