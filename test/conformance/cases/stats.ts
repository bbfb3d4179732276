import type { Call, Case } from '../call.ts';

const create = (name: string, host: object = {}): Call => ({
  method: 'POST',
  path: `/v1.50/containers/create?name=${name}`,
  body: {
    Image: 'conformance',
    Cmd: ['sleep', '1000'],
    HostConfig: { PidsLimit: 100, Memory: 64 << 20, ...host },
  },
  keep: { id: 'Id' },
});
const post = (path: string): Call => ({ method: 'POST', path: `/v1.50/containers/${path}` });
const stats = (name: string, query = '', more: Partial<Call> = {}): Call => ({
  method: 'GET',
  path: `/v1.50/containers/${name}/stats${query && `?${query}`}`,
  ...more,
});
const shape = { shape: 'the values are never the same twice' };

export const statistics: Case[] = [
  {
    name: 'of a running container',
    removes: ['counted'],
    calls: [
      create('counted'),
      post('counted/start'),
      stats('counted', 'stream=false', shape),
      stats('counted', 'stream=false&one-shot=true', shape),
      {
        ...stats('counted', 'stream=0&one-shot=1', shape),
        path: '/v1.40/containers/counted/stats?stream=0&one-shot=1',
      },
      stats('counted', 'one-shot=true'),
      post('counted/pause'),
      stats('counted', 'stream=false&one-shot=true', shape),
      post('counted/kill'),
    ],
  },
  {
    name: 'of containers with networks of other kinds',
    removes: ['counted-none', 'counted-host', 'counted-joined'],
    calls: [
      create('counted-none', { NetworkMode: 'none' }),
      post('counted-none/start'),
      stats('counted-none', 'stream=false&one-shot=true', shape),
      create('counted-host', { NetworkMode: 'host' }),
      post('counted-host/start'),
      stats('counted-host', 'stream=false&one-shot=true', shape),
      create('counted-joined', { NetworkMode: 'container:counted-none' }),
      post('counted-joined/start'),
      stats('counted-joined', 'stream=false&one-shot=true', shape),
    ],
  },
  {
    name: 'of what does not run',
    removes: ['uncounted'],
    calls: [
      stats('nosuch'),
      stats('nosuch', 'one-shot=true'),
      create('uncounted'),
      stats('uncounted', 'stream=false'),
      stats('uncounted', 'stream=false&one-shot=true'),
      post('uncounted/start'),
      post('uncounted/stop?t=0'),
      stats('uncounted', 'stream=false'),
    ],
  },
];
