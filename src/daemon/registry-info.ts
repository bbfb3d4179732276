import type { Info } from '#api';
import type { RegistrySettings } from './config-values.ts';

const HUB = 'docker.io';

/** What `info` says of registries. */
export function registryInfo({
  mirrors,
  insecure,
}: RegistrySettings): Pick<Info, 'IndexServerAddress' | 'RegistryConfig'> {
  const subnets = insecure.filter((entry) => /^[\d.]+\/\d+$|^[\da-f:]+\/\d+$/i.test(entry));
  const hosts = insecure.filter((entry) => !subnets.includes(entry));
  const index = (Name: string, Mirrors: string[]) => ({ Name, Mirrors, Official: Name === HUB, Secure: Name === HUB });
  return {
    IndexServerAddress: 'https://index.docker.io/v1/',
    RegistryConfig: {
      IndexConfigs: Object.fromEntries([
        [HUB, index(HUB, [...mirrors])],
        ...hosts.map((host) => [host, index(host, [])] as const),
      ]),
      InsecureRegistryCIDRs: ['::1/128', '127.0.0.0/8', ...subnets],
      Mirrors: mirrors.length > 0 ? [...mirrors] : null,
    },
  };
}
