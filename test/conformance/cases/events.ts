import { entry } from '../../crash/archive.ts';
import type { Call, Case } from '../call.ts';
import { make, NONE, post } from '../container-calls.ts';

const get = (path: string, more: Partial<Call> = {}): Call => ({ method: 'GET', path: `/v1.50/${path}`, ...more });
const HIDDEN = { bodyDiffers: 'the events tell of it' };
const filtered = (filters: object) => encodeURIComponent(JSON.stringify(filters));
const events = (filters: object = {}): Call => ({
  method: 'GET',
  path: `/v1.50/events?since={begin}&until={now}&filters=${filtered(filters)}`,
  about: 'id',
});
const archive = Buffer.concat([entry('file', Buffer.from('x')), Buffer.alloc(1024)]);

/** What is told of every verb, in its order and with its attributes. */
export const told: Case[] = [
  {
    name: 'of looking into a container and changing it',
    removes: ['told'],
    calls: [
      make('told', { Cmd: ['sleep', '1000'], Tty: true, HostConfig: NONE }),
      post('told/start'),
      post('told/resize?h=10&w=20'),
      get('containers/told/top', HIDDEN),
      post('told/update', { body: { CpuShares: 500 } }),
      get('containers/told/export', HIDDEN),
      get('containers/told/archive?path=/etc', HIDDEN),
      { method: 'PUT', path: '/v1.50/containers/told/archive?path=/', body: archive },
      get('containers/told/logs?stdout=1', HIDDEN),
      get('containers/told/stats?stream=0&one-shot=1', HIDDEN),
      get('containers/told/changes', HIDDEN),
      post('told/kill?signal=WINCH'),
      events({ type: ['container'] }),
    ],
  },
  {
    name: 'of networks and volumes that a container uses',
    removes: ['told-uses'],
    calls: [
      make('told-uses', {
        Cmd: ['sleep', '1000'],
        Labels: { told: 'yes' },
        HostConfig: { Mounts: [{ Type: 'volume', Source: 'told-volume', Target: '/data' }] },
      }),
      post('told-uses/start'),
      post('told-uses/stop?t=0'),
      events(),
      events({ type: ['network'] }),
      events({ type: ['volume'], event: ['unmount'] }),
      events({ type: ['network', 'volume'], event: ['connect', 'mount'] }),
      events({ label: ['told=yes'], event: ['start', 'die'] }),
      events({ label: ['told=no'] }),
      events({ container: ['told-uses'], event: ['create'] }),
      events({ container: ['told'], event: ['create'] }),
      events({ image: ['conformance'], event: ['start'] }),
      events({ image: ['conformance:latest'], event: ['start'] }),
      events({ scope: ['swarm'] }),
      events({ daemon: ['nosuch'] }),
      events({ nosuch: ['x'] }),
      { method: 'DELETE', path: '/v1.50/containers/told-uses' },
      { method: 'DELETE', path: '/v1.50/volumes/told-volume' },
      events({ event: ['destroy'] }),
    ],
  },
  {
    name: 'of a container that the kernel kills for memory',
    removes: ['told-oom'],
    calls: [
      make('told-oom', {
        Cmd: ['sh', '-c', 'tail /dev/zero'],
        HostConfig: { ...NONE, Memory: 16 << 20, MemorySwap: 16 << 20 },
      }),
      post('told-oom/start'),
      post('told-oom/wait'),
      events({ type: ['container'], event: ['oom', 'die'] }),
    ],
  },
  {
    name: 'of an exec with output, and of an attachment',
    removes: ['told-exec'],
    calls: [
      make('told-exec', { Cmd: ['sleep', '1000'], HostConfig: NONE }),
      post('told-exec/start'),
      post('told-exec/exec', { body: { Cmd: ['sh', '-c', 'exit 3'], AttachStdout: true }, keep: { exec: 'Id' } }),
      { method: 'POST', path: '/v1.50/exec/{exec}/start', body: {}, ...HIDDEN },
      get('exec/{exec}/json', { only: ['ExitCode'], until: ({ body }) => !(body as { Running: boolean }).Running }),
      post('told-exec/attach?logs=1&stdout=1', HIDDEN),
      events({ type: ['container'], event: ['exec_create', 'exec_start', 'exec_die', 'attach', 'detach'] }),
      events({ event: ['exec_create'] }),
      events({ event: ['exec_start: sh -c exit 3'] }),
    ],
  },
];
