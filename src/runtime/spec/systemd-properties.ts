import type { OciResources } from '#oci';
import { cpuWeight } from '../cgroup/render-v2.ts';

const PREFIX = 'org.systemd.property.';
const NO_LIMIT = 2n ** 64n - 1n;
const SECOND_US = 1_000_000;

/**
 * Limits as annotations by which crun and runc set properties of the container's scope. Without them crun 1.8 tells the
 * kernel only, and systemd lifts the limits again at the next `daemon-reload`. For cgroup v2.
 */
export function systemdProperties({ memory = {}, cpu = {}, pids }: OciResources): Record<string, string> {
  const { limit, swap, reservation } = memory;
  const values: Record<string, bigint | undefined> = {
    MemoryMax: amount(limit),
    // Here swap alone, in the spec both together.
    MemorySwapMax: swap === undefined ? undefined : amount(swap < 0 ? -1 : swap - (limit ?? 0)),
    MemoryLow: amount(reservation),
    CPUQuotaPerSecUSec: perSecond(cpu.quota, cpu.period),
    CPUQuotaPeriodUSec: cpu.quota && cpu.quota > 0 && cpu.period ? BigInt(cpu.period) : undefined,
    CPUWeight: cpu.shares ? BigInt(cpuWeight(cpu.shares)) : undefined,
    TasksMax: amount(pids?.limit),
  };
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) =>
      value === undefined ? [] : [[`${PREFIX}${name}`, `uint64 ${value}`]],
    ),
  );
}

function amount(value: number | undefined): bigint | undefined {
  if (value === undefined) return undefined;
  return value < 0 ? NO_LIMIT : BigInt(value);
}

/** The kernel's default period is 100 ms. */
function perSecond(quota: number | undefined, period = 100_000): bigint | undefined {
  if (quota === undefined || quota <= 0) return undefined;
  return BigInt(Math.round((quota * SECOND_US) / period));
}
