/** What is told of this engine as a worker of BuildKit. */
export interface WorkerFacts {
  readonly id: string;
  /** Where containers reach the host. */
  readonly hostGateway: string;
  /** Of this host, best first: `linux/amd64`. */
  readonly platforms: readonly string[];
  readonly version: string;
}

const LABEL = 'org.mobyproject.buildkit.worker';

/** The one worker there is. */
export function workerOf({ id, hostGateway, platforms, version }: WorkerFacts) {
  return {
    id,
    labels: new Map([
      // Tells Buildx that caches, archives and indexes can be exported.
      [`${LABEL}.snapshotter`, 'overlay'],
      ...(hostGateway === '' ? [] : [[`${LABEL}.moby.host-gateway-ip`, hostGateway] as const]),
    ]),
    platforms: platforms.map((text) => {
      const [os = '', architecture = '', variant = ''] = text.split('/');
      return { os, architecture, variant };
    }),
    version: versionOf(version),
  };
}

export const versionOf = (version: string) => ({ package: 'github.com/moby/buildkit', version });
