import type { Call, Case } from '../call.ts';

const OWN = {
  Created: 'of the run',
  IPAM: 'the subnet is chosen by the host',
  Options: 'the bridge has its own name',
};
const inList = Object.fromEntries(Object.entries(OWN).map(([key, why]) => [`*.${key}`, why]));
const get = (path: string, more: Partial<Call> = {}): Call => ({ method: 'GET', path: `/v1.50/${path}`, ...more });
const list = (filters: object): Call =>
  get(`networks?filters=${encodeURIComponent(JSON.stringify({ type: ['builtin'], ...filters }))}`, { differs: inList });

export const networks: Case[] = [
  {
    name: 'the three default networks',
    calls: [
      get('networks/bridge', { differs: { ...OWN, Containers: 'of the host' } }),
      get('networks/host', { differs: OWN }),
      get('networks/none', { differs: OWN }),
      get('networks/nosuch'),
      get('networks/bridge?verbose=x'),
      get('networks/bridge?scope=global'),
      list({ driver: ['bridge'] }),
      list({ driver: ['nosuch'] }),
      list({ name: ['hos'] }),
      list({ scope: ['swarm'] }),
      list({ nosuch: ['x'] }),
      get('networks/?filters=%7B%22name%22%3A%5B%22nosuch%22%5D%7D'),
      get('networks?filters=%7B%22type%22%3A%5B%22nosuch%22%5D%7D'),
      get('networks?filters=%7B%22dangling%22%3A%5B%22x%22%5D%7D'),
    ],
  },
  {
    name: 'default networks cannot be changed',
    calls: [
      { method: 'DELETE', path: '/networks/bridge' },
      { method: 'DELETE', path: '/networks/host' },
      { method: 'DELETE', path: '/networks/nosuch' },
      { method: 'POST', path: '/networks/create', body: { Name: 'bridge' } },
      { method: 'POST', path: '/networks/create', body: { Name: '' } },
      { method: 'POST', path: '/networks/prune?filters=%7B%22label%22%3A%5B%22nosuch%22%5D%7D' },
      { method: 'POST', path: '/networks/nosuch/connect', body: { Container: 'nosuch' } },
      { method: 'POST', path: '/networks/bridge/connect', body: { Container: 'nosuch' } },
      { method: 'POST', path: '/networks/bridge/disconnect', body: { Container: 'nosuch' } },
    ],
  },
  {
    name: 'settings of a running container',
    removes: ['net-run'],
    calls: [
      {
        method: 'POST',
        path: '/containers/create?name=net-run',
        body: {
          Image: 'conformance',
          Cmd: ['sleep', '1000'],
          ExposedPorts: { '70/tcp': {} },
          HostConfig: { PortBindings: { '80/tcp': [{ HostPort: '18124' }] } },
        },
        keep: { id: 'Id' },
      },
      { method: 'POST', path: '/containers/net-run/start' },
      {
        method: 'GET',
        path: '/v1.50/containers/net-run/json',
        differs: {
          ...Object.fromEntries(
            [
              'HostConfig',
              'Config',
              'State',
              'Mounts',
              'GraphDriver',
              'Driver',
              'AppArmorProfile',
              'ImageManifestDescriptor',
            ].map((key) => [key, 'compared elsewhere']),
          ),
          ResolvConfPath: 'own path',
          HostnamePath: 'own path',
          HostsPath: 'own path',
          LogPath: 'own path',
          'NetworkSettings.SandboxKey': 'own path',
          'NetworkSettings.IPPrefixLen': 'the subnet is chosen by the host',
          'NetworkSettings.Networks.bridge.IPPrefixLen': 'the subnet is chosen by the host',
        },
      },
      { method: 'POST', path: '/containers/net-run/kill' },
    ],
  },
];
