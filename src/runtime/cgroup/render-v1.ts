import type { OciDeviceRule, OciResources, OciThrottle } from '#oci';

/** A file of one v1 controller and what to write into it. */
export interface ControllerWrite {
  readonly controller: string;
  readonly file: string;
  readonly data: string;
  readonly optional?: boolean;
}

/** The writes that put limits and devices in force, in order. One rendering for start and `update`. */
export function renderV1(resources: OciResources, { update = false } = {}): ControllerWrite[] {
  return [
    ...memory(resources, update),
    ...cpu(resources),
    ...cpuset(resources),
    ...(resources.pids ? [write('pids', 'pids.max', limitOrMax(resources.pids.limit))] : []),
    ...blockIo(resources),
    ...(resources.hugepageLimits ?? []).map(({ pageSize, limit }) =>
      write('hugetlb', `hugetlb.${pageSize}.limit_in_bytes`, limit),
    ),
    ...(resources.devices ?? []).map(deviceWrite),
  ];
}

function write(controller: string, file: string, data: number | string, optional?: boolean): ControllerWrite {
  return { controller, file, data: String(data), ...(optional ? { optional } : {}) };
}

const limitOrMax = (limit: number) => (limit <= 0 ? 'max' : String(limit));

function memory({ memory }: OciResources, update: boolean): ControllerWrite[] {
  if (!memory) return [];
  const writes: ControllerWrite[] = [];
  const { limit, reservation, swap, swappiness, disableOOMKiller } = memory;
  const swapWrite = (optional: boolean) => write('memory', 'memory.memsw.limit_in_bytes', swap ?? 0, optional);
  // The kernel wants memory <= memory+swap after each write: when both rise, swap has to go first.
  if (update && swap !== undefined) writes.push(swapWrite(true));
  if (limit !== undefined) writes.push(write('memory', 'memory.limit_in_bytes', limit));
  // Without swap accounting (swapaccount=0) there is no such file, and nothing to limit.
  if (swap !== undefined) writes.push(swapWrite(swap < 0));
  if (reservation !== undefined) writes.push(write('memory', 'memory.soft_limit_in_bytes', reservation));
  if (swappiness !== undefined) writes.push(write('memory', 'memory.swappiness', swappiness));
  if (disableOOMKiller) writes.push(write('memory', 'memory.oom_control', 1));
  return writes;
}

function cpu({ cpu }: OciResources): ControllerWrite[] {
  const files = [
    ['cpu.shares', cpu?.shares],
    ['cpu.cfs_period_us', cpu?.period],
    ['cpu.cfs_quota_us', cpu?.quota],
    ['cpu.rt_period_us', cpu?.realtimePeriod],
    ['cpu.rt_runtime_us', cpu?.realtimeRuntime],
  ] as const;
  return files.flatMap(([file, value]) => (value === undefined ? [] : [write('cpu', file, value)]));
}

function cpuset({ cpu }: OciResources): ControllerWrite[] {
  return [
    ...(cpu?.cpus ? [write('cpuset', 'cpuset.cpus', cpu.cpus)] : []),
    ...(cpu?.mems ? [write('cpuset', 'cpuset.mems', cpu.mems)] : []),
  ];
}

function blockIo({ blockIO }: OciResources): ControllerWrite[] {
  if (!blockIO) return [];
  const throttle = (file: string, devices: OciThrottle[] = []) =>
    devices.map(({ major, minor, rate }) => write('blkio', `blkio.throttle.${file}`, `${major}:${minor} ${rate}`));
  return [
    ...(blockIO.weight ? [write('blkio', 'blkio.weight', blockIO.weight)] : []),
    ...(blockIO.weightDevice ?? []).map(({ major, minor, weight }) =>
      write('blkio', 'blkio.weight_device', `${major}:${minor} ${weight}`),
    ),
    ...throttle('read_bps_device', blockIO.throttleReadBpsDevice),
    ...throttle('write_bps_device', blockIO.throttleWriteBpsDevice),
    ...throttle('read_iops_device', blockIO.throttleReadIOPSDevice),
    ...throttle('write_iops_device', blockIO.throttleWriteIOPSDevice),
  ];
}

function deviceWrite({ allow, type, major, minor, access }: OciDeviceRule): ControllerWrite {
  const file = allow ? 'devices.allow' : 'devices.deny';
  if ((type === undefined || type === 'a') && major === undefined && minor === undefined) {
    return write('devices', file, 'a');
  }
  return write('devices', file, `${type ?? 'a'} ${major ?? '*'}:${minor ?? '*'} ${access}`);
}
