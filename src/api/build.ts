/** Limits of each command of a build, as in HostConfig; 0 and '' are none. */
export interface BuildLimits {
  readonly memory: number;
  readonly memorySwap: number;
  readonly cpuShares: number;
  readonly cpuPeriod: number;
  readonly cpuQuota: number;
  readonly cpusetCpus: string;
  readonly cpusetMems: string;
}

/** The arguments of `POST /build`. */
export interface BuildArguments extends BuildLimits {
  readonly dockerfile: string;
  readonly tags: readonly string[];
  readonly remote: string;
  readonly quiet: boolean;
  readonly noCache: boolean;
  /** Images whose own records of how they were built count as cache. */
  readonly cacheFrom: readonly string[];
  readonly pull: boolean;
  readonly squash: boolean;
  readonly buildArgs: Readonly<Record<string, string | null>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly extraHosts: readonly string[];
  readonly networkMode: string;
  readonly target: string;
  readonly platform: string;
  readonly shmSize: number;
  readonly ulimits: readonly { readonly Name: string; readonly Soft: number; readonly Hard: number }[];
  readonly cgroupParent: string;
  readonly buildId: string;
  /** Whether the answer is BuildKit's progress (`version=2`), and all else goes over the session. */
  readonly isBuildKit: boolean;
  /** The session's id; '': none. */
  readonly session: string;
  /** Exporters; none: an image in the store. */
  readonly outputs: readonly { readonly type: string; readonly attrs: Readonly<Record<string, string>> }[];
}
