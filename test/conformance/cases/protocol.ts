import type { Call, Case } from '../call.ts';

const get = (path: string, more: Partial<Call> = {}): Call => ({ method: 'GET', path, ...more });
const post = (path: string, more: Partial<Call> = {}): Call => ({ method: 'POST', path, ...more });
const json = { 'content-type': 'application/json' };

/** What an engine that is made of other parts has to say otherwise. */
const ENGINE = {
  Runtimes: 'by name, and with what containerd knows of them',
  Containerd: 'there is none',
  CDISpecDirs: 'by the settings of the daemon',
  Labels: 'by the settings of the daemon',
};

const ANY = { 'Images.*.Labels': 'of any image', 'Volumes.*.Labels': 'of any volume' };

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
      post('/grpc'),
      post('/build/prune?filters=%7B%22id%22%3A%5B%22nosuch%22%5D%7D'),
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
      ...['1.50', '1.24'].map((version) => get(`/v${version}/version`, { shape: 'the versions are our own' })),
      ...['1.50', '1.48', '1.43', '1.24'].map((version) =>
        get(`/v${version}/info`, { shape: 'the host is another', differs: ENGINE }),
      ),
      get('/system/df?type=nosuch'),
    ],
  },
  {
    name: 'disk usage',
    removes: ['df'],
    calls: [
      post('/v1.50/containers/create?name=df', {
        body: { Image: 'conformance', Cmd: ['true'], Volumes: { '/data': {} }, HostConfig: { NetworkMode: 'none' } },
        keep: { id: 'Id' },
      }),
      ...['1.50', '1.43', '1.41'].map((version) =>
        get(`/v${version}/system/df`, {
          shape: 'others use the disk too',
          differs: ANY,
        }),
      ),
      ...['volume', 'image', 'container', 'build-cache'].map((type) =>
        get(`/v1.50/system/df?type=${type}`, {
          shape: 'others use the disk too',
          differs: ANY,
        }),
      ),
      get('/v1.50/system/df?type=container&type=volume', { shape: 'others use the disk too', differs: ANY }),
    ],
  },
  {
    name: 'arguments that are no numbers, times or filters',
    calls: [
      ...['x', '1.5', '99999999999999999999', '-1', '%zz', '%00'].map((n) =>
        get(`/containers/json?limit=${n}&filters={"id":["none"]}`),
      ),
      ...['x', '99999999999999999999', '9999999999999999999', '1.5.5', '-', '1e9'].map((n) =>
        get(`/events?since=${n}&until=1`),
      ),
      ...['x', '99999999999999999999', '1e9'].map((n) =>
        get(`/events?until=${n}&since=1&filters={"event":["nosuch"]}`),
      ),
      ...['x', '99999999999999999999', '1.5'].map((n) => post(`/containers/nosuch/stop?t=${n}`)),
      ...['x', '99999999999999999999'].map((n) => post(`/containers/nosuch/restart?t=${n}`)),
      ...['x', '99999999999999999999'].map((n) => get(`/containers/nosuch/logs?stdout=1&since=${n}`)),
      ...['x', '-1', '99999999999'].map((n) => post(`/containers/nosuch/resize?h=${n}&w=1`)),
      ...['x', '-1', '99999999999'].map((n) => post(`/exec/nosuch/resize?h=1&w=${n}`)),
      post('/images/prune?filters={"until":["x"]}'),
      post('/containers/prune?filters={"until":["x"]}'),
      post('/networks/prune?filters={"until":["x"]}', {
        ours: { why: 'there are no networks to prune yet', status: 200, body: { NetworksDeleted: null } },
      }),
      post('/volumes/prune?filters={"until":["x"]}'),
      post('/images/prune?filters={"dangling":["x"]}'),
      get('/containers/json?filters={"name":["("]}'),
      get('/networks?filters={"name":["("]}'),
      get('/volumes?filters={"name":["("]}'),
      get('/containers/json?filters={"exited":["x"]}'),
      get('/containers/json?filters={"health":["x"]}'),
      get('/containers/json?filters={"publish":["x/y"]}'),
      get('/containers/json?filters={"id":{"none":true}}'),
      get('/containers/json?filters={"id":"none"}'),
      get('/images/json?filters={"reference":["["]}'),
      get('/images/json?filters={"before":["nosuch"]}'),
      get('/images/json?filters={"until":["x"]}'),
    ],
  },
];
