import type { Call, Case } from '../call.ts';

const get = (path: string, more: Partial<Call> = {}): Call => ({ method: 'GET', path: `/v1.50/${path}`, ...more });
const post = (path: string, body?: object): Call => ({ method: 'POST', path: `/v1.50/${path}`, body });
const HANDSHAKE = { 'Sec-WebSocket-Version': '13', 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==' };
const webSocket = (path: string, more: Partial<Call> = {}): Call =>
  get(path, { headers: HANDSHAKE, hijack: { upgrade: 'websocket' }, ...more });

export const doors: Case[] = [
  {
    name: 'attach over a WebSocket',
    removes: ['doors-ws'],
    calls: [
      {
        method: 'POST',
        path: '/v1.50/containers/create?name=doors-ws',
        body: { Image: 'conformance', Cmd: ['echo', 'hello'], HostConfig: { NetworkMode: 'none' } },
        keep: { id: 'Id' },
      },
      post('containers/doors-ws/start'),
      post('containers/doors-ws/wait'),
      webSocket('containers/doors-ws/attach/ws?logs=1&stdout=1'),
      webSocket('containers/doors-nosuch/attach/ws?logs=1&stdout=1'),
      webSocket('containers/doors-ws/attach/ws?detachKeys=nosuch'),
    ],
  },
  {
    name: 'a name in a path that is too long',
    removes: ['doors-path'],
    calls: [
      {
        method: 'POST',
        path: '/v1.50/containers/create?name=doors-path',
        body: { Image: 'conformance', HostConfig: { NetworkMode: 'none' } },
        keep: { id: 'Id' },
      },
      get(`containers/doors-path/archive?path=${'A'.repeat(300)}`),
    ],
  },
  {
    name: 'the daemon about itself',
    calls: [
      get('debug/vars', { bodyDiffers: 'facts of a process' }),
      get('debug/pprof/cmdline', { bodyDiffers: 'the command line of a process' }),
      get('debug/pprof/', { bodyDiffers: 'an HTML page of the profiles of a Go program' }),
    ],
  },
];
