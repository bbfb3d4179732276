import type { Call, Case } from '../call.ts';

const create = (body: object): Call => ({
  method: 'POST',
  path: '/v1.50/networks/create',
  body: { Name: 'six', EnableIPv4: false, EnableIPv6: true, ...body },
});
const remove: Call = { method: 'DELETE', path: '/networks/six' };
const get: Call = { method: 'GET', path: '/v1.50/networks/six', differs: { Created: 'of the run' } };
const start: Call = { method: 'POST', path: '/containers/six-live/start' };
const take: Call = { method: 'DELETE', path: '/containers/six-live?force=1' };
const settings: Call = {
  method: 'GET',
  path: '/v1.50/containers/six-live/json',
  only: ['NetworkSettings'],
  differs: { 'NetworkSettings.SandboxKey': 'own path' },
};
const place = (asked: object = {}, host: object = {}): Call => ({
  method: 'POST',
  path: '/v1.50/containers/create?name=six-live',
  body: {
    Image: 'conformance',
    Cmd: ['sleep', '1000'],
    ExposedPorts: { '80/tcp': {} },
    HostConfig: { NetworkMode: 'six', ...host },
    NetworkingConfig: { EndpointsConfig: { six: asked } },
  },
});
const published = (HostIp: string): object => ({ PortBindings: { '80/tcp': [{ HostIp, HostPort: '38471' }] } });
const ipam = (...Config: object[]): object => ({ IPAM: { Config } });

/** Networks without IPv4. */
export const sixNetworks: Case[] = [
  {
    name: 'a network without IPv4, and the places in it',
    removes: ['six-live'],
    calls: [
      create({ EnableIPv6: false }),
      create(ipam({ Subnet: '10.222.0.7/24' })),
      create(ipam({ Subnet: 'fd0a:222::/64', Gateway: 'fd0a:222::9' })),
      get,
      place({ IPAMConfig: { IPv4Address: '10.222.0.7' } }),
      place(),
      settings,
      start,
      settings,
      { method: 'GET', path: '/v1.50/networks/six', differs: { Created: 'of the run' } },
      take,
      place({ IPAMConfig: { IPv6Address: 'fd0a:222::9' } }),
      start,
      take,
      place({ IPAMConfig: { IPv6Address: 'fd0a:222::77' } }, published('')),
      start,
      settings,
      take,
      place({}, published('0.0.0.0')),
      start,
      settings,
      take,
      remove,
    ],
  },
  {
    name: 'a network without IPv4 by options of the driver, or of a configuration',
    calls: [
      create({
        ...{ EnableIPv4: undefined, EnableIPv6: undefined },
        Options: { 'com.docker.network.enable_ipv4': 'false', 'com.docker.network.enable_ipv6': 'true' },
        ...ipam({ Subnet: 'fd0a:223::/64' }),
      }),
      get,
      remove,
      create({
        ...{ EnableIPv4: undefined, Options: { 'com.docker.network.enable_ipv4': 'no' } },
        ...ipam({ Subnet: 'fd0a:223::7/64' }),
      }),
      create({ Options: { 'com.docker.network.enable_ipv4': 'no' }, ...ipam({ Subnet: 'fd0a:223::7/64' }) }),
      create({ EnableIPv6: undefined, Options: { 'com.docker.network.enable_ipv6': '' } }),
      create({ Name: 'six-config', ConfigOnly: true, ...ipam({ Subnet: 'fd0a:223::/64' }) }),
      create({ EnableIPv4: undefined, EnableIPv6: undefined, ConfigFrom: { Network: 'six-config' } }),
      get,
      remove,
      { method: 'DELETE', path: '/networks/six-config' },
    ],
  },
];
