import type { BuildLimits } from '#api';
import { invalid } from '#errdefs';
/** What is to be built, whichever front door it came through; everything is as the client wrote it. */
export interface BuildRequest {
  /** Name or number of a stage; '' is the last one. */
  readonly target: string;
  readonly buildArgs: ReadonlyMap<string, string>;
  readonly labels: ReadonlyMap<string, string>;
  /** Names for the image, each `name[:tag]`. */
  readonly tags: readonly string[];
  /** `os/arch[/variant]`; none: this host's. */
  readonly platforms: readonly string[];
  /** What is built although the cache has it: everything, or these stages. */
  readonly noCache: 'all' | readonly string[];
  /** Whether base images are asked for again although they are here. */
  readonly pull: boolean;
  /** '' or `default`, `none`, `host`, or a network of the engine (classic). */
  readonly network: string;
  /** `host:ip`, as `--add-host`. */
  readonly extraHosts: readonly string[];
  /** Bytes; 0: the daemon's default. */
  readonly shmSize: number;
  readonly ulimits: readonly { readonly Name: string; readonly Soft: number; readonly Hard: number }[];
  readonly limits: BuildLimits;
  readonly cgroupParent: string;
  /** All that was built becomes one layer on the base. */
  readonly squash: boolean;
  readonly cacheFrom: readonly CacheEntry[];
  readonly cacheTo: readonly CacheEntry[];
  /** `--build-context name=…`: `docker-image://ref`, `oci-layout://…`; folders are {@link BuildInputs.contexts}. */
  readonly namedContexts: ReadonlyMap<string, string>;
  readonly exporters: readonly Exporter[];
  /** Seconds since the epoch; `undefined`: by the rule of the base; 'off': times stay as they are. */
  readonly epoch: number | 'off' | undefined;
  /** `attest:` attributes by kind, e.g. `provenance` → `mode=max`. */
  readonly attestations: ReadonlyMap<string, string>;
  /** `network.host`, `security.insecure`, `device`. */
  readonly entitlements: readonly string[];
  readonly hostname: string;
  /** Everything a BuildKit client sent, for what nothing above is made of. */
  readonly attributes: ReadonlyMap<string, string>;
}

export interface CacheEntry {
  readonly type: string;
  readonly attributes: ReadonlyMap<string, string>;
}

/** Where a result goes: `image` is the engine's own store (`moby` is the same), the others are written to a stream. */
export interface Exporter {
  readonly type: 'image' | 'oci' | 'docker' | 'local' | 'tar' | 'none';
  readonly attributes: ReadonlyMap<string, string>;
}

const NO_LIMITS: BuildLimits = {
  memory: 0,
  memorySwap: 0,
  cpuShares: 0,
  cpuPeriod: 0,
  cpuQuota: 0,
  cpusetCpus: '',
  cpusetMems: '',
};

/** What SOURCE_DATE_EPOCH asks for: a number of seconds, `off` (times stay as they are), or nothing. */
export function epochOf(text: string | undefined): BuildRequest['epoch'] {
  if (text === undefined || text === '') return undefined;
  if (text === 'off') return 'off';
  const seconds = Number(text);
  if (!Number.isSafeInteger(seconds) || seconds < 0) throw invalid(`invalid SOURCE_DATE_EPOCH: ${text}`);
  return seconds;
}

/** A request that asks for nothing in particular, with these parts. */
export function buildRequest(parts: Partial<BuildRequest> = {}): BuildRequest {
  return {
    target: '',
    buildArgs: new Map(),
    labels: new Map(),
    tags: [],
    platforms: [],
    noCache: [],
    pull: false,
    network: '',
    extraHosts: [],
    shmSize: 0,
    ulimits: [],
    limits: NO_LIMITS,
    cgroupParent: '',
    squash: false,
    cacheFrom: [],
    cacheTo: [],
    namedContexts: new Map(),
    exporters: [{ type: 'image', attributes: new Map() }],
    epoch: undefined,
    attestations: new Map(),
    entitlements: [],
    hostname: '',
    attributes: new Map(),
    ...parts,
  };
}
