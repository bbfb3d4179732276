import type { Call, Case } from '../call.ts';
import { make, NONE, post } from '../container-calls.ts';

interface Inspected {
  readonly RestartCount: number;
  readonly State: { readonly Status: string; readonly Health?: { readonly Status: string } };
}
const look = (name: string, until: (seen: Inspected) => boolean, more: Partial<Call> = {}): Call => ({
  method: 'GET',
  path: `/v1.50/containers/${name}/json`,
  only: ['RestartCount', 'State'],
  differs: { 'State.Pid': 'of the run' },
  until: ({ body }) => until(body as Inspected),
  ...more,
});
const events = (filters: object = {}): Call => ({
  method: 'GET',
  path: `/v1.50/events?since={begin}&until={now}&filters=${encodeURIComponent(JSON.stringify(filters))}`,
  about: 'id',
});
const listed = (name: string, more = ''): Call => ({
  method: 'GET',
  path: `/v1.50/containers/json?all=1&filters=${encodeURIComponent(JSON.stringify({ name: [`^/${name}$`] }))}${more}`,
  differs: {
    '*.Status': 'tells seconds',
    '*.NetworkSettings': 'endpoint ids',
    '*.ImageManifestDescriptor': 'the image store is another',
  },
});

const health = (Test: string[], more: object = {}) => ({
  Cmd: ['sleep', '1000'],
  Healthcheck: { Test, Interval: 200_000_000, Timeout: 1_000_000_000, Retries: 2, ...more },
});
const PROBES = {
  'State.Pid': 'of the run',
  'State.Health.Log': 'grows with time',
  'State.Health.FailingStreak': 'grows with time',
};
const policy = (Name: string, MaximumRetryCount = 0) => ({ ...NONE, RestartPolicy: { Name, MaximumRetryCount } });

/** What an engine does by itself: restarts, health, removal, events. */
export const policies: Case[] = [
  {
    name: 'restart on failure, twice',
    removes: ['again'],
    calls: [
      make('again', { Cmd: ['sh', '-c', 'exit 3'], HostConfig: policy('on-failure', 2) }),
      post('again/start'),
      look('again', (seen) => seen.RestartCount === 2 && seen.State.Status === 'exited'),
      events({ event: ['die', 'start', 'create'] }),
      post('again/wait'),
    ],
  },
  {
    name: 'a wait ends with the first exit of a container that comes back',
    removes: ['again'],
    calls: [
      make('again', { Cmd: ['sh', '-c', 'sleep 1; exit 3'], HostConfig: policy('always') }),
      post('again/start'),
      post('again/wait', { isLong: true }),
    ],
  },
  {
    name: 'no restart after success',
    removes: ['again'],
    calls: [
      make('again', { Cmd: ['true'], HostConfig: policy('on-failure', 2) }),
      post('again/start'),
      look('again', (seen) => seen.State.Status === 'exited'),
    ],
  },
  {
    name: 'stop of a container that restarts',
    removes: ['again'],
    calls: [
      make('again', { Cmd: ['sh', '-c', 'exit 3'], HostConfig: policy('always') }),
      post('again/start'),
      look('again', (seen) => seen.State.Status === 'restarting' && seen.RestartCount >= 4, {
        only: ['State'],
        differs: { 'State.Pid': 'of the run' },
      }),
      { method: 'DELETE', path: '/v1.50/containers/again' },
      post('again/exec', { body: { Cmd: ['true'] } }),
      post('again/pause'),
      post('again/stop'),
      look('again', (seen) => seen.State.Status === 'exited', { only: ['State'] }),
      { method: 'DELETE', path: '/v1.50/containers/again' },
    ],
  },
  {
    name: 'kill of a container that restarts unless stopped',
    removes: ['again'],
    calls: [
      make('again', { Cmd: ['sleep', '1000'], HostConfig: policy('unless-stopped') }),
      post('again/start'),
      post('again/kill'),
      look('again', (seen) => seen.State.Status === 'exited'),
    ],
  },
  {
    name: 'healthy',
    removes: ['well'],
    calls: [
      make('well', health(['CMD', 'true'])),
      post('well/start'),
      look('well', (seen) => seen.State.Health?.Status === 'healthy', { differs: PROBES }),
      events({ event: ['health_status'] }),
      post('well/kill'),
      look('well', (seen) => seen.State.Status === 'exited', { differs: PROBES }),
    ],
  },
  {
    name: 'unhealthy',
    removes: ['ill'],
    calls: [
      make('ill', health(['CMD-SHELL', 'echo bad; exit 3'])),
      post('ill/start'),
      look('ill', (seen) => seen.State.Health?.Status === 'unhealthy', { differs: PROBES }),
      events({ event: ['health_status'] }),
      {
        method: 'GET',
        path: '/v1.50/containers/json?filters={"health":["unhealthy"],"name":["^/ill$"]}',
        about: 'id',
        differs: {
          '*.Status': 'tells seconds',
          '*.NetworkSettings': 'endpoint ids',
          '*.ImageManifestDescriptor': 'the image store is another',
        },
      },
    ],
  },
  {
    name: 'a probe that takes too long',
    removes: ['slow'],
    calls: [
      make('slow', health(['CMD', 'sleep', '10'], { Timeout: 100_000_000, Retries: 1 })),
      post('slow/start'),
      look('slow', (seen) => seen.State.Health?.Status === 'unhealthy', { differs: PROBES }),
    ],
  },
  {
    name: 'health switched off',
    removes: ['off'],
    calls: [make('off', health(['NONE'])), post('off/start'), look('off', (seen) => seen.State.Status === 'running')],
  },
  {
    name: 'events of a whole life, removed at its end',
    removes: ['alive'],
    calls: [
      make('alive', {
        Cmd: ['sh', '-c', 'exit 9'],
        Labels: { 'com.example': 'x=y' },
        HostConfig: { AutoRemove: true },
      }),
      post('alive/attach?stream=1&stdout=1', { hijack: { upgrade: 'tcp' }, isLong: true }),
      post('alive/wait?condition=removed', { isLong: true }),
      post('alive/start'),
      { ...listed('alive'), until: ({ body }) => (body as unknown[]).length === 0 },
      events(),
    ],
  },
  {
    name: 'events of verbs',
    removes: ['verbs', 'verbs-2'],
    calls: [
      make('verbs', { Cmd: ['sleep', '1000'] }),
      post('verbs/start'),
      post('verbs/pause'),
      post('verbs/unpause'),
      post('verbs/rename?name=verbs-2'),
      post('verbs-2/kill?signal=USR1'),
      post('verbs-2/exec', { body: { Cmd: ['sh', '-c', 'true'] }, keep: { exec: 'Id' } }),
      { method: 'POST', path: '/v1.50/exec/{exec}/start', body: { Detach: true } },
      {
        method: 'GET',
        path: '/v1.50/exec/{exec}/json',
        only: ['ExitCode'],
        until: ({ body }) => !(body as { Running: boolean }).Running,
      },
      post('verbs-2/restart?t=0'),
      post('verbs-2/stop?t=0'),
      { method: 'DELETE', path: '/v1.50/containers/verbs-2' },
      events({ event: ['pause', 'unpause', 'rename', 'exec_create', 'exec_start', 'exec_die', 'restart', 'destroy'] }),
      events({ type: ['container'], event: ['exec_create'] }),
      events({ type: ['image'] }),
      events({ label: ['nosuch'] }),
    ],
  },
  {
    name: 'prune answers',
    removes: ['cut', 'kept-running'],
    calls: [
      make('cut', { Cmd: ['true'], Labels: { cut: 'yes' } }),
      make('kept-running', { Cmd: ['sleep', '1000'], Labels: { cut: 'yes' } }),
      post('kept-running/start'),
      post('prune?filters={"label":["cut=yes"],"until":["1"]}'),
      post('prune?filters={"label":["cut=no"]}'),
      post('prune?filters={"label!":["cut"],"label":["cut=yes"]}'),
      { ...listed('cut'), bodyDiffers: 'compared in lists' },
      post('prune?filters={"label":["cut=yes"]}', { bodyDiffers: 'names the first id' }),
      listed('cut'),
    ],
  },
  {
    name: 'removed while it runs, by force',
    removes: ['forced'],
    calls: [
      make('forced', { Cmd: ['sleep', '1000'] }),
      post('forced/start'),
      post('forced/wait?condition=removed', { isLong: true }),
      { method: 'DELETE', path: '/v1.50/containers/forced?force=1' },
      post('forced/start'),
    ],
  },
];
