import type { Call, Case } from '../call.ts';

const RUN: Call[] = [
  {
    method: 'POST',
    path: '/v1.50/containers/create?name=execs',
    body: { Image: 'conformance', Cmd: ['sleep', '1000'], Env: ['A=1'], HostConfig: { NetworkMode: 'none' } },
    keep: { id: 'Id' },
  },
  { method: 'POST', path: '/v1.50/containers/execs/start' },
];
const make = (body: object, more: Partial<Call> = {}): Call => ({
  method: 'POST',
  path: '/v1.50/containers/execs/exec',
  body,
  keep: { exec: 'Id' },
  ...more,
});
const start = (body: object): Call => ({ method: 'POST', path: '/v1.50/exec/{exec}/start', body });
const inspect: Call = {
  method: 'GET',
  path: '/v1.50/exec/{exec}/json',
  differs: { Pid: 'of the run' },
  until: ({ body }) => (body as { Running?: boolean }).Running !== true,
};
const out = { AttachStdout: true, AttachStderr: true };

/** One exec run to its end: created, started attached, inspected. */
const whole = (name: string, body: object, begin: object = {}): Case => ({
  name,
  removes: ['execs'],
  calls: [...RUN, make(body), start(begin), inspect],
});

export const exec: Case[] = [
  whole('output and exit code', { ...out, Cmd: ['sh', '-c', 'echo out; exit 3'] }),
  whole('environment, user and directory', {
    ...out,
    Cmd: ['sh', '-c', 'echo $A $B $USER; id -u; pwd'],
    Env: ['B=2'],
    User: 'user',
    WorkingDir: '/tmp',
  }),
  whole('terminal', { ...out, Tty: true, Cmd: ['sh', '-c', 'echo $TERM'] }, { Tty: true }),
  whole('detached', { ...out, Cmd: ['true'] }, { Detach: true }),
  whole('command not found', { ...out, Cmd: ['nosuch'] }),
  whole('not executable', { ...out, Cmd: ['/etc/passwd'] }),
  whole('directory not found', { ...out, Cmd: ['true'], WorkingDir: '/no/such' }),
  whole('privileged', { ...out, Privileged: true, Cmd: ['true'] }),
  {
    name: 'errors at create',
    removes: ['execs'],
    calls: [
      ...RUN,
      make({}),
      make({ Cmd: [] }),
      make({ Cmd: ['true'], User: 'nosuch', ...out }),
      start({}),
      make({ Cmd: ['true'], DetachKeys: 'nosuch' }),
      make({ Cmd: ['true'], Env: ['=x'] }),
      make({ Cmd: ['true'], WorkingDir: 'relative' }),
      start({}),
    ],
  },
  {
    name: 'errors at start',
    removes: ['execs'],
    calls: [
      ...RUN,
      { method: 'POST', path: '/v1.50/exec/nosuch/start', body: {} },
      { method: 'GET', path: '/v1.50/exec/nosuch/json' },
      { method: 'POST', path: '/v1.50/exec/nosuch/resize?h=1&w=1' },
      make({ ...out, Cmd: ['true'] }),
      { method: 'GET', path: '/v1.50/exec/{exec}/json', differs: { Pid: 'of the run' } },
      start({ Detach: true }),
      inspect,
      start({}),
      { method: 'POST', path: '/v1.50/exec/{exec}/resize?h=x&w=1' },
    ],
  },
  {
    name: 'a container that does not run',
    removes: ['execs'],
    calls: [
      RUN[0]!,
      make({ Cmd: ['true'] }),
      RUN[1]!,
      make({ ...out, Cmd: ['true'] }),
      { method: 'POST', path: '/v1.50/containers/execs/kill' },
      start({}),
      { method: 'POST', path: '/v1.50/exec/{exec}/resize?h=1&w=1' },
    ],
  },
];
