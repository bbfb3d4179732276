import type { Call, Case } from '../call.ts';

const OWN = {
  '*.Status': 'tells seconds',
  '*.ImageManifestDescriptor': 'the image store is another',
  '*.SizeRw': 'of the file system',
  '*.SizeRootFs': 'of the file system',
};
const list = (filters: object, more = ''): Call => ({
  method: 'GET',
  path: `/v1.50/containers/json?filters=${encodeURIComponent(JSON.stringify({ label: ['lists'], ...filters }))}${more}`,
  differs: OWN,
});
const make = (name: string, body: object): Call => ({
  method: 'POST',
  path: `/v1.50/containers/create?name=${name}`,
  body: { Image: 'conformance', Labels: { lists: 'yes', [name]: name }, ...body },
  keep: { [name.replaceAll('-', '_')]: 'Id' },
});

const three: Call[] = [
  make('list-one', { Cmd: ['sleep', '1000'], HostConfig: { NetworkMode: 'none' } }),
  make('list-two', { Cmd: ['sh', '-c', 'exit 3'], HostConfig: { NetworkMode: 'none' } }),
  make('list-three', {
    Cmd: ['echo', 'it is "quoted"', "a'b"],
    ExposedPorts: { '80/tcp': {}, '90/udp': {} },
    Volumes: { '/data': {} },
    HostConfig: { NetworkMode: 'bridge', PortBindings: { '80/tcp': [{ HostPort: '18123' }] } },
  }),
  { method: 'POST', path: '/containers/list-one/start' },
  { method: 'POST', path: '/containers/list-two/start' },
  { method: 'POST', path: '/containers/list-two/wait' },
];
const removes = ['list-one', 'list-two', 'list-three'];

export const lists: Case[] = [
  {
    name: 'filters of containers',
    removes,
    calls: [
      ...three,
      list({}),
      list({}, '&all=1'),
      list({}, '&limit=2'),
      list({}, '&limit=-1'),
      list({}, '&limit=x'),
      list({ status: ['exited'] }),
      list({ status: ['created', 'running'] }),
      list({ status: ['nosuch'] }),
      list({ exited: ['3'] }),
      list({ exited: ['0'] }, '&all=1'),
      list({ exited: ['x'] }),
      list({ name: ['two'] }, '&all=1'),
      list({ name: ['^list-t'] }, '&all=1'),
      list({ name: ['^/list-one$'] }),
      list({ name: ['['] }, '&all=1'),
      list({ ancestor: ['conformance'] }, '&all=1'),
      list({ ancestor: ['nosuch'] }, '&all=1'),
      list({ before: ['list-two'] }, '&all=1'),
      list({ since: ['list-two'] }, '&all=1'),
      list({ since: ['nosuch'] }, '&all=1'),
      list({ label: ['lists', 'list-one=list-one'] }, '&all=1'),
      list({ label: ['lists=no'] }, '&all=1'),
      list({ expose: ['80'] }, '&all=1'),
      list({ expose: ['90/udp'] }, '&all=1'),
      list({ publish: ['80'] }, '&all=1'),
      list({ publish: ['x'] }, '&all=1'),
      list({ volume: ['/data'] }, '&all=1'),
      list({ network: ['none'] }, '&all=1'),
      list({ network: ['nosuch'] }, '&all=1'),
      list({ health: ['none'] }, '&all=1'),
      list({ health: ['nosuch'] }, '&all=1'),
      list({ 'is-task': ['false'] }, '&all=1'),
      list({ 'is-task': ['x'] }, '&all=1'),
      list({ nosuch: ['x'] }),
      list({ id: ['zz'] }, '&all=1'),
      { method: 'GET', path: '/containers/json?filters=x' },
      { method: 'GET', path: '/containers/json?filters=%5B%5D' },
      { method: 'GET', path: '/containers/json?filters=%7B%22label%22%3A%7B%22lists%22%3Atrue%7D%7D', differs: OWN },
      {
        method: 'GET',
        path: '/containers/json?filters=%7B%22label%22%3A%7B%22lists%22%3Afalse%7D%7D',
        bodyDiffers: 'any',
      },
      {
        method: 'GET',
        path: '/v1.24/containers/json?all=1&filters=%7B%22label%22%3A%5B%22lists%22%5D%7D',
        differs: OWN,
      },
      {
        method: 'GET',
        path: '/v1.40/containers/json?all=1&filters=%7B%22label%22%3A%5B%22lists%22%5D%7D',
        differs: OWN,
      },
    ],
  },
];
