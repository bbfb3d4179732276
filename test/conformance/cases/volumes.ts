import type { Call, Case } from '../call.ts';

const OWN = { CreatedAt: 'of the run', Mountpoint: 'own path' };
const get = (path: string, more: Partial<Call> = {}): Call => ({ method: 'GET', path: `/v1.50/${path}`, ...more });
const make = (body: object): Call => ({ method: 'POST', path: '/v1.50/volumes/create', body, differs: OWN });
const drop = (name: string): Call => ({ method: 'DELETE', path: `/v1.50/volumes/${name}` });

export const volumes: Case[] = [
  {
    name: 'create, inspect, list, remove',
    calls: [
      make({ Name: 'conf-vol', Labels: { a: 'b' } }),
      make({ Name: 'conf-vol' }),
      make({ Name: 'conf-vol', Driver: 'local' }),
      make({ Name: 'conf-vol', Driver: 'nosuch' }),
      make({ Name: 'a' }),
      make({ Name: 'a b' }),
      make({ Name: 'conf-bad', DriverOpts: { nosuch: '1' } }),
      get('volumes/conf-vol', { differs: OWN }),
      get('volumes/nosuch'),
      get('volumes?filters=%7B%22name%22%3A%5B%22conf-vol%22%5D%7D', {
        differs: { 'Volumes.*.CreatedAt': 'of the run', 'Volumes.*.Mountpoint': 'own path' },
      }),
      get('volumes?filters=%7B%22nosuch%22%3A%5B%22x%22%5D%7D'),
      get('volumes?filters=%7B%22dangling%22%3A%5B%22x%22%5D%7D'),
      drop('conf-vol'),
      drop('conf-vol'),
      drop('nosuch?force=1'),
    ],
  },
  {
    name: 'the container-wide driver',
    removes: ['driven'],
    calls: [
      { Binds: ['conf-driven:/data'] },
      { Binds: ['/tmp:/data'] },
      { Mounts: [{ Type: 'volume', Source: 'conf-driven', Target: '/data' }] },
    ].flatMap((host, i): Call[] => [
      {
        method: 'POST',
        path: `/v1.50/containers/create?name=driven${i}`,
        body: { Image: 'conformance', HostConfig: { VolumeDriver: 'nosuch', ...host } },
      },
      { method: 'DELETE', path: `/v1.50/containers/driven${i}` },
    ]),
  },
  {
    name: 'in use',
    removes: ['vol-user'],
    calls: [
      {
        method: 'POST',
        path: '/containers/create?name=vol-user',
        body: { Image: 'conformance', HostConfig: { Binds: ['conf-used:/data'] } },
        keep: { id: 'Id' },
      },
      drop('conf-used'),
      get('volumes/conf-used', { differs: OWN }),
    ],
  },
  {
    name: 'prune',
    calls: [
      { method: 'POST', path: '/volumes/prune?filters=%7B%22label%22%3A%5B%22no-such-label%22%5D%7D' },
      { method: 'POST', path: '/volumes/prune?filters=%7B%22nosuch%22%3A%5B%22x%22%5D%7D' },
    ],
  },
];
