import type { BuildArguments } from '#api';
import type { Credentials } from '../inputs.ts';
import type { BuildRequest } from '../request.ts';
import { buildRequest, epochOf } from '../request.ts';

/** A build as `POST /build` asks for it. */
export interface ClassicOptions extends BuildArguments {
  /** Who to be at a registry. */
  readonly credentials: (host: string) => Credentials;
  readonly signal: AbortSignal;
}

export function requestOf(options: ClassicOptions): BuildRequest {
  const { buildArgs, labels, tags, target, platform, noCache, pull, networkMode, extraHosts, cacheFrom } = options;
  const { memory, memorySwap, cpuShares, cpuPeriod, cpuQuota, cpusetCpus, cpusetMems } = options;
  const { shmSize, ulimits, cgroupParent, squash } = options;
  const given = Object.entries(buildArgs).filter((entry): entry is [string, string] => entry[1] !== null);
  return buildRequest({
    ...{ target, tags, pull, squash, extraHosts, shmSize, ulimits, cgroupParent, network: networkMode },
    buildArgs: new Map(given),
    labels: new Map(Object.entries(labels)),
    platforms: platform === '' ? [] : [platform],
    noCache: noCache ? 'all' : [],
    // Docker: only images that are here count.
    cacheFrom: cacheFrom.map((ref) => ({
      type: 'registry',
      attributes: new Map(Object.entries({ ref, pull: 'never' })),
    })),
    limits: { memory, memorySwap, cpuShares, cpuPeriod, cpuQuota, cpusetCpus, cpusetMems },
    epoch: epochOf(buildArgs['SOURCE_DATE_EPOCH'] ?? undefined),
  });
}
