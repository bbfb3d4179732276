import { isInsecure } from './addresses.ts';
import type { HostEntry, HostsFile } from './hosts-file.ts';
import type { RegistrySettings } from './settings.ts';

/** One place that may serve a registry's repositories. */
export interface Endpoint {
  /** `https://host/v2/`, or where a mirror has its API; a slash at its end. */
  readonly base: URL;
  /** The registry that it stands for. */
  readonly registry: string;
  readonly isMirror: boolean;
  /** Whether it is told which registry it stands for (`?ns=`), as containerd does. */
  readonly namesRegistry?: boolean;
  /** Any certificate will do. */
  readonly skipVerify: boolean;
  /** Sent with each request. */
  readonly headers: Readonly<Record<string, string>>;
  /** Hosts of token servers that may see credentials, beyond those that go without saying. */
  readonly realms: readonly string[];
  /** The name of a repository there. */
  readonly rewrite: (path: string) => string;
  readonly can: (capability: Capability) => boolean;
  /** Folders and files of certificates in place of the registry's own. */
  readonly certificates?: HostEntry['certificates'];
}

export type Capability = 'pull' | 'resolve' | 'push';

/** Docker Hub's API has another name than its images. */
const HUB = { name: 'docker.io', host: 'registry-1.docker.io' } as const;

const same = (path: string): string => path;

/** Where a registry is asked, in this order: mirrors, then itself; by HTTPS, and by HTTP where that is allowed. */
export function endpointsOf(
  registry: string,
  { mirrors, insecure }: Pick<RegistrySettings, 'mirrors' | 'insecure'>,
  hosts: HostsFile | undefined,
): Endpoint[] {
  const plain = { registry, headers: {}, realms: hosts?.realms ?? [], rewrite: same, can: () => true };
  const listed = (hosts?.hosts ?? []).map((host) => ({
    ...plain,
    ...host,
    isMirror: true,
    namesRegistry: host.base.host !== registry,
  }));
  const mirrored = (registry === HUB.name && !hosts ? mirrors : []).map((mirror) => {
    const base = new URL('v2/', mirror);
    const can = (capability: Capability) => capability !== 'push';
    return { ...plain, base, isMirror: true, skipVerify: isInsecure(base.host, insecure), can };
  });
  const own = hosts?.server;
  if (own === false) return listed;
  if (own) return [...listed, { ...plain, ...own, isMirror: false }];
  const host = registry === HUB.name ? HUB.host : registry;
  const open = isInsecure(host, insecure);
  const schemes = open ? ['https', 'http'] : ['https'];
  const itself = schemes.map((scheme) => {
    return { ...plain, base: new URL(`${scheme}://${host}/v2/`), isMirror: false, skipVerify: open };
  });
  return [...listed, ...mirrored, ...itself];
}
