/** What is told of this engine as a worker of BuildKit. */
export interface WorkerFacts {
  readonly id: string;
  /** Where containers reach the host. */
  readonly hostGateway: string;
  /** Of this host, best first: `linux/amd64`. */
  readonly platforms: readonly string[];
  readonly version: string;
}

const HOST_GATEWAY = 'org.mobyproject.buildkit.worker.moby.host-gateway-ip';

/** The one worker there is. */
export function workerOf({ id, hostGateway, platforms, version }: WorkerFacts) {
  return {
    id,
    labels: new Map(hostGateway === '' ? [] : [[HOST_GATEWAY, hostGateway]]),
    platforms: platforms.map((text) => {
      const [os = '', architecture = '', variant = ''] = text.split('/');
      return { os, architecture, variant };
    }),
    version: versionOf(version),
  };
}

export const versionOf = (version: string) => ({ package: 'github.com/moby/buildkit', version });
