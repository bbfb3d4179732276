import type { Call, Case } from '../call.ts';

const top = (name: string, args?: string, more: Partial<Call> = {}): Call => ({
  method: 'GET',
  path: `/v1.50/containers/${name}/top${args === undefined ? '' : `?ps_args=${encodeURIComponent(args)}`}`,
  // What `ps` says of a process holds pids and times: see the integration test.
  only: ['Titles', 'message'],
  ...more,
});
const post = (path: string, body?: unknown): Call => ({ method: 'POST', path: `/v1.50/containers/${path}`, body });

export const tops: Case[] = [
  {
    name: 'processes of a container',
    removes: ['topped'],
    calls: [
      post('create?name=topped', { Image: 'conformance', Cmd: ['sleep', '1000'], HostConfig: { NetworkMode: 'none' } }),
      top('topped'),
      post('topped/start'),
      top('topped'),
      top('topped', 'aux'),
      top('topped', '-o pid,cmd'),
      top('topped', '-o pid=,cmd='),
      top('topped', 'auxf'),
      top('topped', '-ef m'),
      top('topped', '-eo uid,pid,user:30,args'),
      top('topped', '-o cmd'),
      top('topped', '-o foo=PID'),
      top('topped', '--nosuch'),
      top('topped', '4194304'),
      top('topped', ' '),
      top('nosuch'),
      top('nosuch', '-o foo=PID'),
      post('topped/pause'),
      top('topped'),
      post('topped/kill'),
    ],
  },
];
