import type {
  ContainerJSON,
  ContainerPruneReport,
  ContainerSummary,
  CreateRequest,
  CreateResponse,
  TopResponse,
  WaitCondition,
  WaitResponse,
  WhyReport,
} from '#api';
import type { Body } from './body.ts';
import type { Answered } from './connection.ts';
import type { Query, Transport } from './transport.ts';

/** Which streams an attachment carries. */
export interface AttachOptions {
  stream: boolean;
  stdin: boolean;
  stdout: boolean;
  stderr: boolean;
  logs?: boolean;
  detachKeys?: string;
}

/** Which part of a log is wanted; times are as the API takes them (seconds with fraction). */
export interface LogOptions {
  stdout: boolean;
  stderr: boolean;
  follow?: boolean;
  timestamps?: boolean;
  details?: boolean;
  since?: string;
  until?: string;
  tail?: string;
}

/** A wait that the daemon has registered; `exit` settles when the condition holds. */
export interface Waiting {
  exit: Promise<WaitResponse>;
  cancel(): void;
}

/** What a partial create request must have; the daemon fills in the rest with zeros. */
export type CreateBody = { [Key in keyof CreateRequest]?: unknown };

/** The container routes. Names and ids are taken as they are. */
export class Containers {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  list(query: { all?: boolean; limit?: number; size?: boolean; filters?: string }): Promise<ContainerSummary[]> {
    return this.#transport.json({ method: 'GET', path: '/containers/json', query });
  }

  create(body: CreateBody, query: { name?: string; platform?: string }): Promise<CreateResponse> {
    return this.#transport.json({ method: 'POST', path: '/containers/create', query, json: body });
  }

  inspect(name: string): Promise<ContainerJSON> {
    return this.#transport.json({ method: 'GET', path: `${containerPath(name)}/json` });
  }

  /** The inspect answer as the daemon wrote it. */
  async inspectText(name: string, size = false): Promise<string> {
    const { body } = await this.#transport.request({
      method: 'GET',
      path: `${containerPath(name)}/json`,
      query: { size },
    });
    return body.text();
  }

  /** Gantry's own: what a container suffers from. */
  why(name: string): Promise<WhyReport> {
    return this.#transport.json({ method: 'GET', path: `/gantry${containerPath(name)}/why` });
  }

  start(
    name: string,
    query: { detachKeys?: string; checkpoint?: string; 'checkpoint-dir'?: string } = {},
  ): Promise<void> {
    return this.#post(name, 'start', query);
  }

  /** `t` in seconds; -1 waits forever. */
  stop(name: string, query: { signal?: string; t?: number }): Promise<void> {
    return this.#post(name, 'stop', query);
  }

  restart(name: string, query: { signal?: string; t?: number }): Promise<void> {
    return this.#post(name, 'restart', query);
  }

  kill(name: string, signal: string): Promise<void> {
    return this.#post(name, 'kill', { signal });
  }

  pause(name: string): Promise<void> {
    return this.#post(name, 'pause');
  }

  unpause(name: string): Promise<void> {
    return this.#post(name, 'unpause');
  }

  rename(name: string, to: string): Promise<void> {
    return this.#post(name, 'rename', { name: to });
  }

  /** The rows of the host's `ps` that are the container's; `psArgs` as ps takes them. */
  top(name: string, psArgs: string): Promise<TopResponse> {
    const query = { ps_args: psArgs || undefined };
    return this.#transport.json({ method: 'GET', path: `${containerPath(name)}/top`, query });
  }

  /** One answer a second, a line each; with `stream: false` one. */
  async stats(name: string, options: { stream: boolean }, signal?: AbortSignal): Promise<Body> {
    const query = { stream: options.stream ? '1' : '0' };
    return (await this.#transport.request({ method: 'GET', path: `${containerPath(name)}/stats`, query, signal })).body;
  }

  update(name: string, body: object): Promise<{ Warnings: string[] | null }> {
    return this.#transport.json({ method: 'POST', path: `${containerPath(name)}/update`, json: body });
  }

  resize(name: string, size: { h: number; w: number }): Promise<void> {
    return this.#post(name, 'resize', size);
  }

  remove(name: string, query: { v?: boolean; link?: boolean; force?: boolean }): Promise<void> {
    return this.#transport.send({ method: 'DELETE', path: containerPath(name), query });
  }

  prune(filters?: string): Promise<ContainerPruneReport> {
    return this.#transport.json({ method: 'POST', path: '/containers/prune', query: { filters } });
  }

  /** Registers a wait; resolves once the daemon has done so. */
  async wait(name: string, condition?: WaitCondition): Promise<Waiting> {
    const { body } = await this.#transport.request({
      method: 'POST',
      path: `${containerPath(name)}/wait`,
      query: { condition },
    });
    const exit = body.text().then((text) => JSON.parse(text) as WaitResponse);
    return { exit, cancel: () => body.cancel() };
  }

  attach(name: string, options: AttachOptions): Promise<Answered> {
    return this.#transport.hijack({ method: 'POST', path: `${containerPath(name)}/attach`, query: { ...options } });
  }

  async logs(name: string, options: LogOptions, signal?: AbortSignal): Promise<Body> {
    const request = { method: 'GET', path: `${containerPath(name)}/logs`, query: { ...options }, signal } as const;
    return (await this.#transport.request(request)).body;
  }

  #post(name: string, verb: string, query: Query = {}): Promise<void> {
    return this.#transport.send({ method: 'POST', path: `${containerPath(name)}/${verb}`, query });
  }
}

/** The beginning of the paths about a container. */
export function containerPath(name: string): string {
  return `/containers/${encodeURIComponent(name).replaceAll('%2F', '/').replaceAll('%3A', ':')}`;
}
