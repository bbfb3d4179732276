import { getHeapStatistics } from 'node:v8';
import { notImplemented } from '#errdefs';
import type { Exchange } from './exchange.ts';
import type { Route } from './route.ts';

const INDEX =
  '<html><head><title>/debug/pprof/</title></head><body><a href="cmdline">cmdline</a> <a href="../vars">vars</a></body></html>\n';
const PPROF = ['profile', 'symbol', 'trace', '{name}'];

/** What Docker answers about its own process, whether it debugs or not; profiles of Go code there are none here. */
export const debugRoutes: readonly Route[] = [
  { method: 'GET', path: '/debug/vars', handle: variables },
  {
    method: 'GET',
    path: '/debug/pprof/',
    handle: (x) => send(x, 'text/html; charset=utf-8', INDEX),
  },
  {
    method: 'GET',
    path: '/debug/pprof/cmdline',
    handle: (x) => x.text(process.argv.join('\0'), 200, ['X-Content-Type-Options', 'nosniff']),
  },
  ...PPROF.map(
    (name): Route => ({
      method: 'GET',
      path: `/debug/pprof/${name}`,
      answers: 501,
      handle: () => {
        throw notImplemented('this daemon is no Go program: profile it with the tools of Node.js');
      },
    }),
  ),
];

/** Docker's names, as far as they mean something here. Bytes. */
function variables(x: Exchange): void {
  const { rss, heapTotal, heapUsed, external } = process.memoryUsage();
  const { total_available_size: limit, number_of_native_contexts: contexts } = getHeapStatistics();
  const memstats = { Alloc: heapUsed + external, Sys: rss, HeapAlloc: heapUsed, HeapSys: heapTotal, HeapLimit: limit };
  const values = { cmdline: process.argv, memstats: { ...memstats, Contexts: contexts } };
  send(x, 'application/json; charset=utf-8', `${JSON.stringify(values)}\n`);
}

function send(x: Exchange, type: string, body: string): void {
  x.begin(type);
  x.response.end(body);
}
