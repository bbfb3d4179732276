import type { Call, Case, Hijacking } from '../call.ts';
import { make, NONE, post } from '../container-calls.ts';

const attach = (query: string, hijack: Hijacking, more: Partial<Call> = {}): Call =>
  post(`streams/attach?${query}`, { hijack, isLong: true, ...more });

const CAT = { Cmd: ['cat'], OpenStdin: true, StdinOnce: true, AttachStdin: true };
const BOTH = { Cmd: ['sh', '-c', 'echo out; sleep 0.1; echo err >&2'] };
const ALL = 'stream=1&stdin=1&stdout=1&stderr=1';

const early = (name: string, status: number, head: string[]): Case => {
  const ours = {
    why: 'Docker loses what comes in one piece with the head',
    status,
    body: { head, data: [{ stream: 1, text: 'early\nlate\n' }] },
  };
  const hijack = { upgrade: status === 101 ? 'tcp' : undefined, input: 'early\n', later: 'late\n', ends: true };
  return {
    name,
    removes: ['streams'],
    calls: [make('streams', CAT), attach(ALL, hijack, { ours }), post('streams/start'), post('streams/wait')],
  };
};

/** One attached container run to its end. */
const whole = (name: string, { body, query = ALL, ...hijack }: { body: object; query?: string } & Hijacking): Case => ({
  name,
  removes: ['streams'],
  calls: [make('streams', body), attach(query, hijack), post('streams/start'), post('streams/wait')],
});

const exec = (name: string, body: object, start: object, hijack: Hijacking): Case => ({
  name,
  removes: ['streams'],
  calls: [
    make('streams', { Cmd: ['sleep', '1000'] }),
    post('streams/start'),
    post('streams/exec', { body, keep: { exec: 'Id' } }),
    { method: 'POST', path: '/v1.50/exec/{exec}/start', body: start, hijack },
    {
      method: 'GET',
      path: '/v1.50/exec/{exec}/json',
      only: ['ExitCode', 'Running'],
      until: ({ body: b }) => !(b as { Running: boolean }).Running,
    },
  ],
});

const OUT = { AttachStdout: true, AttachStderr: true };
const since = (name: string, query: string): Call => ({
  method: 'GET',
  path: `/v1.50/containers/${name}/logs?stdout=1&stderr=1&${query}`,
});

/** Heads and bytes of taken-over connections, waits, logs by time. */
export const streams: Case[] = [
  whole('attach with upgrade', { body: BOTH, query: 'stream=1&stdout=1&stderr=1', upgrade: 'tcp' }),
  whole('attach without upgrade', { body: BOTH, query: 'stream=1&stdout=1&stderr=1' }),
  whole('attach of one stream', { body: BOTH, query: 'stream=1&stderr=1', upgrade: 'tcp' }),
  whole('attach with a terminal', { body: { ...BOTH, Tty: true }, query: 'stream=1&stdout=1', upgrade: 'tcp' }),
  early('attach: input behind the head', 101, [
    'HTTP/1.1 101 UPGRADED',
    'Connection: Upgrade',
    'Content-Type: application/vnd.docker.multiplexed-stream',
    'Upgrade: tcp',
  ]),
  early('attach: input behind the head without upgrade', 200, [
    'HTTP/1.1 200 OK',
    'Content-Type: application/vnd.docker.raw-stream',
  ]),
  whole('attach: input after the head, half-closed', { body: CAT, upgrade: 'tcp', later: 'late\n', ends: true }),
  {
    name: 'attach in an old version',
    removes: ['streams'],
    calls: [
      make('streams', BOTH),
      {
        method: 'POST',
        path: '/v1.41/containers/streams/attach?stream=1&stdout=1&stderr=1',
        hijack: { upgrade: 'tcp' },
        isLong: true,
      },
      post('streams/start'),
      post('streams/wait'),
    ],
  },
  {
    name: 'attach: logs of a container that has ended',
    removes: ['streams'],
    calls: [
      make('streams', BOTH),
      post('streams/start'),
      post('streams/wait'),
      post('streams/attach?logs=1&stdout=1&stderr=1', { hijack: { upgrade: 'tcp' } }),
    ],
  },
  {
    name: 'attach: detach keys',
    removes: ['streams'],
    calls: [
      make('streams', { Cmd: ['cat'], OpenStdin: true, Tty: true }),
      post('streams/start'),
      post(`streams/attach?${ALL}&detachKeys=ctrl-a,x`, { hijack: { upgrade: 'tcp', later: '\x01x' } }),
      post('streams/attach?stream=1&stdin=1&stdout=1&detachKeys=ctrl-', { hijack: { upgrade: 'tcp' } }),
      { method: 'GET', path: '/v1.50/containers/streams/json', only: ['RestartCount', 'Name', 'ExecIDs'] },
    ],
  },
  {
    name: 'attach to nothing',
    calls: [
      post('nosuch/attach?stream=1', { hijack: { upgrade: 'tcp' } }),
      post('nosuch/attach?stream=1', { hijack: {} }),
    ],
  },
  exec(
    'exec with upgrade',
    { ...OUT, Cmd: ['sh', '-c', 'echo out; sleep 0.1; echo err >&2; exit 4'] },
    {},
    {
      upgrade: 'tcp',
    },
  ),
  exec('exec without upgrade', { ...OUT, Cmd: ['echo', 'out'] }, {}, {}),
  exec('exec with a terminal', { ...OUT, Tty: true, Cmd: ['echo', 'out'] }, { Tty: true }, { upgrade: 'tcp' }),
  exec('exec with a terminal, started without', { ...OUT, Tty: true, Cmd: ['echo', 'out'] }, {}, { upgrade: 'tcp' }),
  exec(
    'exec without a terminal, started with one',
    { ...OUT, Cmd: ['sh', '-c', 'echo out; sleep 0.1; echo err >&2'] },
    { Tty: true },
    { upgrade: 'tcp' },
  ),
  exec(
    'exec with input',
    { ...OUT, AttachStdin: true, Cmd: ['cat'] },
    {},
    {
      upgrade: 'tcp',
      later: 'through\n',
      ends: true,
    },
  ),
  exec('exec that is not there, in the stream', { ...OUT, Cmd: ['/no/such'] }, {}, { upgrade: 'tcp' }),
  {
    name: 'exec of nothing',
    calls: [{ method: 'POST', path: '/v1.50/exec/nosuch/start', body: {}, hijack: { upgrade: 'tcp' } }],
  },
  ...['not-running', 'next-exit', 'removed'].map((condition) => ({
    name: `wait for ${condition}`,
    removes: [`waits-${condition}`],
    calls: [
      make(`waits-${condition}`, { Cmd: ['sh', '-c', 'sleep 0.3; exit 5'], HostConfig: { ...NONE, AutoRemove: true } }),
      post(`waits-${condition}/wait?condition=${condition}`, { isLong: true }),
      post(`waits-${condition}/start`),
      post(`waits-${condition}/wait?condition=${condition}`, { isLong: true }),
    ],
  })),
  {
    name: 'wait for the removal by somebody',
    removes: ['waits'],
    calls: [
      make('waits', { Cmd: ['true'] }),
      post('waits/wait?condition=removed', { isLong: true }),
      { method: 'DELETE', path: '/v1.50/containers/waits' },
    ],
  },
  {
    name: 'logs by time',
    removes: ['logged'],
    calls: [
      make('logged', {
        Cmd: ['sh', '-c', 'echo one; echo two >&2; sleep 1.2; echo three'],
        Labels: { app: 'web', tier: 'a b' },
        Env: ['STAGE=test'],
        HostConfig: { ...NONE, LogConfig: { Type: 'json-file', Config: { labels: 'app,tier', env: 'STAGE' } } },
      }),
      post('logged/start'),
      post('logged/wait'),
      since('logged', 'timestamps=1'),
      since('logged', 'details=1'),
      since('logged', 'details=1&timestamps=1&tail=1'),
      since('logged', 'since={begin}'),
      since('logged', 'until={begin}'),
      since('logged', 'since={now}'),
      since('logged', 'until={now}&tail=2'),
      since('logged', 'since=-1'),
      since('logged', 'until=0'),
      since('logged', 'until=x'),
      since('logged', 'since=1&until=2&follow=1'),
      since('logged', 'follow=1&tail=1&timestamps=1'),
    ],
  },
];
