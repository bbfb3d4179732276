import type { Server } from 'node:http';
import { createServer } from 'node:http';
import type { HostFacts } from '#runtime';
import { ConfigError } from './config-file.ts';

/** What the metrics are made of. */
export interface MetricsDeps {
  readonly facts: () => HostFacts;
  readonly counts: () => { running: number; paused: number; stopped: number };
  readonly subscribers: () => number;
  /** Events since the start. */
  readonly recorded: () => number;
  readonly info: Readonly<Record<string, string>>;
}

/** Upper ends of the buckets, in seconds; Docker's. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const ACTIONS = 'engine_daemon_container_actions_seconds';

/** How long verbs took. */
export class ActionTimes {
  readonly #times = new Map<string, { counts: number[]; sum: number; count: number }>();

  /** The same object, whose methods of these names are timed: `{remove: 'delete'}` counts remove as delete. */
  watch<T extends object>(target: T, actions: Readonly<Record<string, string>>): T {
    for (const action of Object.values(actions)) {
      this.#times.set(action, { counts: BUCKETS.map(() => 0), sum: 0, count: 0 });
    }
    return new Proxy(target, {
      get: (of, name) => {
        const value: unknown = Reflect.get(of, name, of);
        if (typeof value !== 'function') return value;
        const action = typeof name === 'string' && Object.hasOwn(actions, name) ? actions[name] : undefined;
        if (action === undefined) return value.bind(of) as unknown;
        return async (...args: unknown[]) => {
          const began = performance.now();
          const result: unknown = await (value as (...args: unknown[]) => unknown).apply(of, args);
          this.#add(action, (performance.now() - began) / 1000);
          return result;
        };
      },
    });
  }

  #add(action: string, seconds: number): void {
    const times = this.#times.get(action)!;
    for (const [at, end] of BUCKETS.entries()) if (seconds <= end) times.counts[at]!++;
    times.count++;
    times.sum += seconds;
  }

  render(): string {
    const lines = [...this.#times].flatMap(([action, { counts, sum, count }]) => [
      ...[...BUCKETS, '+Inf'].map((end, at) => `_bucket{action="${action}",le="${end}"} ${counts[at] ?? count}`),
      `_sum{action="${action}"} ${sum}`,
      `_count{action="${action}"} ${count}`,
    ]);
    const about = `# HELP ${ACTIONS} The number of seconds it takes to process each container action\n# TYPE ${ACTIONS} histogram\n`;
    return about + lines.map((line) => `${ACTIONS}${line}\n`).join('');
  }
}

type Sample = readonly [labels: Readonly<Record<string, string>>, value: number];

/** Docker's names of them (`engine_daemon_*`), in the text format of Prometheus. */
export function renderMetrics({ facts, counts, subscribers, recorded, info }: MetricsDeps): string {
  const { cpuCount, memoryTotal } = facts();
  const { running, paused, stopped } = counts();
  const memory = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  const families: readonly (readonly [name: string, kind: string, help: string, ...Sample[]])[] = [
    [
      'engine_daemon_container_states_containers',
      'gauge',
      'The count of containers in various states',
      [{ state: 'paused' }, paused],
      [{ state: 'running' }, running],
      [{ state: 'stopped' }, stopped],
    ],
    ['engine_daemon_engine_cpus_cpus', 'gauge', 'The number of cpus of the host', [{}, cpuCount]],
    ['engine_daemon_engine_info', 'gauge', 'The engine and the system it runs on', [info, 1]],
    ['engine_daemon_engine_memory_bytes', 'gauge', 'The bytes of memory of the host', [{}, memoryTotal]],
    ['engine_daemon_events_subscribers_total', 'gauge', 'The number of listeners to events', [{}, subscribers()]],
    ['engine_daemon_events_total', 'counter', 'The number of events recorded', [{}, recorded()]],
    ['process_cpu_seconds_total', 'counter', 'CPU time of the daemon in seconds', [{}, (user + system) / 1e6]],
    ['process_resident_memory_bytes', 'gauge', 'Resident memory of the daemon', [{}, memory.rss]],
    ['nodejs_heap_size_used_bytes', 'gauge', 'Used heap of the daemon', [{}, memory.heapUsed]],
  ];
  return families.map(([name, kind, help, ...samples]) => family(name, kind, help, samples)).join('');
}

function family(name: string, kind: string, help: string, samples: readonly Sample[]): string {
  const lines = samples.map(([labels, value]) => {
    const pairs = Object.entries(labels).map(([key, text]) => `${key}="${quoted(text)}"`);
    return `${name}${pairs.length > 0 ? `{${pairs.join(',')}}` : ''} ${value}\n`;
  });
  return `# HELP ${name} ${help}\n# TYPE ${name} ${kind}\n${lines.join('')}`;
}

const quoted = (text: string) => text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');

/** Serves `/metrics` to whoever asks: it tells counts, never names. */
export async function serveMetrics(
  place: { host: string; port: number },
  render: () => string,
): Promise<{ readonly port: number } & AsyncDisposable> {
  const server = createServer({ headersTimeout: 10_000, requestTimeout: 10_000 }, (request, response) => {
    const isFound =
      /^\/metrics(\?|$)/.test(request.url ?? '') && (request.method === 'GET' || request.method === 'HEAD');
    if (!isFound) return void response.writeHead(404, { 'Content-Type': 'text/plain' }).end('404 page not found\n');
    response.writeHead(200, { 'Content-Type': 'text/plain; version=0.0.4; charset=utf-8' }).end(render());
  });
  await listening(server, place);
  const address = server.address();
  return {
    port: typeof address === 'object' ? (address?.port ?? 0) : 0,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listening(server: Server, place: { host: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) =>
      reject(new ConfigError(`"metrics-addr": cannot listen on ${place.host}:${place.port}: ${error.message}`)),
    );
    server.listen(place, () => resolve());
  });
}
