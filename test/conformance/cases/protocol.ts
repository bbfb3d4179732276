import type { Call, Case } from '../call.ts';

const get = (path: string, more: Partial<Call> = {}): Call => ({ method: 'GET', path, ...more });
const post = (path: string, more: Partial<Call> = {}): Call => ({ method: 'POST', path, ...more });
const json = { 'content-type': 'application/json' };

export const protocol: Case[] = [
  {
    name: 'ping',
    calls: [
      get('/_ping'),
      { method: 'HEAD', path: '/_ping' },
      get('/v1.24/_ping'),
      get('/v1.50/_ping'),
      post('/_ping'),
    ],
  },
  {
    name: 'versions out of range',
    calls: [
      get('/v1.23/containers/json'),
      get('/v1.12/version'),
      get('/v1.99/containers/json', { bodyDiffers: 'names the maximum, 1.50 here' }),
      get('/v2.0/info', { bodyDiffers: 'names the maximum, 1.50 here' }),
      get('/v1/nothing'),
      get('/vx/info'),
      get('/v1.50.1/nothing'),
    ],
  },
  {
    name: 'unknown paths and methods',
    calls: [
      get('/'),
      get('/nothing'),
      get('/v1.50/nothing'),
      get('/containers/create'),
      { method: 'PATCH', path: '/containers/json' },
      { method: 'DELETE', path: '/containers/json' },
      post('/containers/json'),
      get('/containers/'),
      { method: 'OPTIONS', path: '/containers/json' },
    ],
  },
  {
    name: 'bodies',
    calls: [
      post('/containers/create', { body: '{', headers: json }),
      post('/containers/create', { body: '{"Image":"conformance"} {}', headers: json }),
      post('/containers/create', { body: '{"Image":"conformance"}', headers: { 'content-type': 'text/plain' } }),
      post('/containers/create', { body: '{"Image":"conformance"}' }),
      post('/containers/create', { body: '', headers: json }),
      post('/containers/create', { body: 'null', headers: json }),
      post('/containers/create', { body: '[]', headers: json }),
      post('/containers/create', { body: '"x"', headers: json }),
      post('/containers/create', { body: '{"Image":1}', headers: json }),
      post('/containers/create', { body: '{"Env":"A=1"}', headers: json }),
      post('/containers/create', { body: '{"HostConfig":{"Memory":"1"}}', headers: json }),
      post('/containers/create', { body: '{"HostConfig":{"Memory":1.5}}', headers: json }),
      post('/containers/create', { body: '{"HostConfig":{"PortBindings":[]}}', headers: json }),
      post('/containers/create', { body: '{"Cmd":{"a":1}}', headers: json }),
      post('/containers/create', { body: '{"Image":"x"}x', headers: json }),
    ],
  },
  {
    name: 'swarm routes without a swarm',
    calls: [
      get('/swarm'),
      get('/nodes'),
      get('/services'),
      get('/tasks'),
      get('/secrets'),
      get('/configs'),
      get('/services/x'),
      get('/nodes/x'),
      post('/swarm/leave'),
      post('/services/create', { body: {} }),
      post('/secrets/create', { body: {} }),
      { method: 'DELETE', path: '/services/x' },
      get('/swarm/unlockkey'),
      get('/tasks/x/logs?stdout=1'),
    ],
  },
  {
    name: 'plugins, sessions, distribution',
    calls: [
      get('/plugins'),
      get('/plugins/x/json'),
      post('/plugins/x/enable?timeout=0'),
      { method: 'DELETE', path: '/plugins/x' },
      post('/session'),
    ],
  },
  {
    name: 'events in the past',
    calls: [
      get('/events?since=1&until=2'),
      get('/events?since=1&until=2&filters=%7B%22nosuch%22%3A%5B%22x%22%5D%7D'),
      get('/events?since=x&until=2'),
      get('/events?since=2&until=1'),
      get('/events?filters=x&until=1'),
    ],
  },
  {
    name: 'system',
    calls: [
      get('/version', { bodyDiffers: 'the version is our own' }),
      get('/info', { bodyDiffers: 'the host is another' }),
      get('/system/df?type=nosuch'),
      get('/v1.50/system/df?type=volume', { bodyDiffers: 'volumes of the host' }),
    ],
  },
];
