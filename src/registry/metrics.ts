import type { RequestListener, Server } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { RegistryEvent } from './registry.ts';
import type { Served } from './server.ts';

const BUCKETS = [0.005, 0.025, 0.1, 0.5, 1, 5, 30];
const METHODS = new Set(['GET', 'HEAD', 'PUT', 'POST', 'PATCH', 'DELETE']);

/** Counts what a registry does, for Prometheus: by method, status and kind of event, never by name. */
export class RegistryMetrics {
  readonly #requests = new Map<string, number>();
  readonly #events = new Map<string, number>();
  readonly #buckets = BUCKETS.map(() => 0);
  #count = 0;
  #seconds = 0;
  #sent = 0;

  served({ method, status, bytes, ms }: Served): void {
    add(this.#requests, `code="${status}",method="${METHODS.has(method) ? method : 'other'}"`);
    for (const [at, end] of BUCKETS.entries()) if (ms / 1000 <= end) this.#buckets[at]!++;
    this.#count++;
    this.#seconds += ms / 1000;
    this.#sent += bytes;
  }

  happened({ action }: RegistryEvent): void {
    add(this.#events, `action="${action}"`);
  }

  render(): string {
    const times = [
      ...[...BUCKETS, '+Inf'].map((end, at) => `_bucket{le="${end}"} ${this.#buckets[at] ?? this.#count}`),
      `_sum ${this.#seconds}`,
      `_count ${this.#count}`,
    ];
    const resident = process.memoryUsage.rss();
    return [
      family('registry_http_requests_total', 'counter', 'Requests that were answered', labelled(this.#requests)),
      family('registry_http_request_duration_seconds', 'histogram', 'How long answers took', times),
      family('registry_http_response_bytes_total', 'counter', 'Bytes of bodies that were sent', [` ${this.#sent}`]),
      family('registry_events_total', 'counter', 'Pushes, pulls, mounts and deletions', labelled(this.#events)),
      family('process_resident_memory_bytes', 'gauge', 'Resident memory', [` ${resident}`]),
    ].join('');
  }
}

function add(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

const labelled = (counts: ReadonlyMap<string, number>) => [...counts].map(([labels, n]) => `{${labels}} ${n}`);

function family(name: string, kind: string, help: string, lines: readonly string[]): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} ${kind}\n${lines.map((line) => `${name}${line}\n`).join('')}`;
}

/** Serves metrics on an address of their own, as Docker's registry does. */
export async function serveMetrics(
  metrics: RegistryMetrics,
  { host, port, path }: { readonly host: string | undefined; readonly port: number; readonly path: string },
): Promise<{ readonly port: number } & AsyncDisposable> {
  const answer: RequestListener = (request, response) => {
    if (request.url?.split('?')[0] !== path) return void response.writeHead(404).end();
    response.writeHead(200, { 'Content-Type': 'text/plain; version=0.0.4; charset=utf-8' }).end(metrics.render());
  };
  const server = createServer({ headersTimeout: 10_000, requestTimeout: 10_000 }, answer);
  await listening(server, { port, ...(host && { host }) });
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

function listening(server: Server, place: { host?: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(place, () => resolve());
  });
}
