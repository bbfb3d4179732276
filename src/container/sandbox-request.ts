import type { SandboxRequest } from './deps.ts';
import type { Container } from './record.ts';

/** What the network needs to know of a container. */
export function sandboxRequest({ id, name, spec }: Pick<Container, 'id' | 'name' | 'spec'>): SandboxRequest {
  const { config, hostConfig, endpoints } = spec;
  return {
    containerId: id,
    name,
    hostname: config.Hostname,
    domainname: config.Domainname,
    hostConfig,
    config,
    endpoints,
  };
}
