import { Duplex } from 'node:stream';
import type {
  ContainerJSON,
  ContainerStats,
  ContainerSummary,
  CreateRequest,
  EventMessage,
  ExecConfig,
  NetworkConnectRequest,
  NetworkDisconnectRequest,
  TopResponse,
  WaitResponse,
  WhyReport,
} from '#api';
import { encodeFrame } from '#api';
import { conflict, notFound } from '#errdefs';
import { nullLog } from '#log';
import type { AttachedStream, AttachOptions, Containers, LogsOptions, ServerDeps } from './deps.ts';

interface Kept {
  readonly id: string;
  readonly name: string;
  readonly request: CreateRequest;
  isRunning: boolean;
  readonly waiters: ((result: WaitResponse) => void)[];
}

/** A small engine in memory whose containers echo their stdin: enough to test protocols with. */
export class EchoEngine implements Containers {
  readonly #containers = new Map<string, Kept>();
  readonly #execs = new Map<string, ExecConfig>();
  /** Every verb that was called, with its arguments. */
  readonly calls: unknown[][] = [];

  async create(request: CreateRequest, { name }: { name: string }): Promise<{ Id: string; Warnings: string[] }> {
    const id = String(this.#containers.size + 1).padStart(64, '0');
    this.#containers.set(name || id, { id, name: name || id, request, isRunning: false, waiters: [] });
    return { Id: id, Warnings: [] };
  }

  list(): ContainerSummary[] {
    return [...this.#containers.values()].map(
      ({ id, name }) => ({ Id: id, Names: [`/${name}`], HostConfig: { NetworkMode: 'bridge' } }) as ContainerSummary,
    );
  }

  inspect(name: string): ContainerJSON {
    const { id, request } = this.#find(name);
    return { Id: id, Name: `/${name}`, Config: request, NetworkSettings: { Networks: {} } } as unknown as ContainerJSON;
  }

  async why(name: string): Promise<WhyReport> {
    return { Id: this.#find(name).id } as WhyReport;
  }

  async start(name: string): Promise<void> {
    this.#find(name).isRunning = true;
  }

  async stop(name: string): Promise<void> {
    const container = this.#find(name);
    container.isRunning = false;
    for (const tell of container.waiters.splice(0)) tell({ StatusCode: 137 });
  }

  async restart(name: string): Promise<void> {
    this.#find(name);
  }

  async kill(...call: [string, string | undefined]): Promise<void> {
    this.calls.push(['kill', ...call]);
    if (!this.#find(call[0]).isRunning) throw conflict(`container ${call[0]} is not running`);
  }

  async pause(name: string): Promise<void> {
    this.#find(name);
  }

  async unpause(name: string): Promise<void> {
    this.#find(name);
  }

  async connect(_network: string, { Container }: NetworkConnectRequest): Promise<void> {
    this.#find(Container);
  }

  async disconnect(_network: string, { Container }: NetworkDisconnectRequest): Promise<void> {
    this.#find(Container);
  }

  async rename(name: string): Promise<void> {
    this.#find(name);
  }

  async update(name: string): Promise<{ Warnings: null }> {
    this.#find(name);
    return { Warnings: null };
  }

  async *stats(name: string): AsyncGenerator<ContainerStats> {
    yield { id: this.#find(name).id } as ContainerStats;
  }

  async top(name: string): Promise<TopResponse> {
    this.#find(name);
    return { Titles: ['PID'], Processes: [] };
  }

  wait(name: string): { result: Promise<WaitResponse> } {
    const container = this.#find(name);
    return { result: new Promise((resolve) => container.waiters.push(resolve)) };
  }

  async remove(name: string): Promise<void> {
    this.#containers.delete(this.#find(name).name);
  }

  async prune(): Promise<{ ContainersDeleted: null; SpaceReclaimed: number }> {
    return { ContainersDeleted: null, SpaceReclaimed: 0 };
  }

  async logs(
    name: string,
    { follow, signal }: LogsOptions,
  ): Promise<{ tty: boolean; body: AsyncIterable<Uint8Array> }> {
    this.#find(name);
    return { tty: false, body: lines(follow ? signal : undefined) };
  }

  async attach(name: string, options: AttachOptions): Promise<AttachedStream> {
    this.calls.push(['attach', name, options]);
    const { request } = this.#find(name);
    return { tty: request.Tty, stream: echo(request.Tty) };
  }

  async resize(name: string): Promise<void> {
    this.#find(name);
  }

  execCreate(name: string, config: ExecConfig): { Id: string } {
    this.#find(name);
    const id = String(this.#execs.size + 1).padStart(64, 'e');
    this.#execs.set(id, config);
    return { Id: id };
  }

  async execStart(id: string): Promise<AttachedStream> {
    const config = this.#exec(id);
    if (config.Cmd?.[0] === 'fail') throw conflict(`exec command ${id} has already run`);
    return { tty: config.Tty, stream: echo(config.Tty) };
  }

  async execStartDetached(id: string): Promise<void> {
    this.calls.push(['execStartDetached', id]);
  }

  execInspect(id: string): never {
    return this.#exec(id) as never;
  }

  async execResize(): Promise<void> {}

  #find(name: string): Kept {
    const found = this.#containers.get(name);
    if (!found) throw notFound(`No such container: ${name}`);
    return found;
  }

  #exec(id: string): ExecConfig {
    const config = this.#execs.get(id);
    if (!config) throw notFound(`No such exec instance: ${id}`);
    return config;
  }
}

/** One line, and the end when the signal comes, if there is one. */
async function* lines(until: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
  yield encodeFrame('stdout', Buffer.from('line\n'));
  if (!until) return;
  await new Promise((resolve) => until.addEventListener('abort', resolve, { once: true }));
}

/** Gives back what it is written; says `eof` when its input has ended, then ends. */
function echo(tty: boolean): Duplex {
  const wrap = (data: Buffer) => (tty ? data : encodeFrame('stdout', data));
  return new Duplex({
    read() {},
    write(data: Buffer, _encoding, done) {
      this.push(wrap(data));
      done();
    },
    final(done) {
      this.push(wrap(Buffer.from('eof')));
      this.push(null);
      done();
    },
  });
}

/** Deps around an {@link EchoEngine}; what a test does not name throws when it is used. */
export function testDeps(containers: Containers, others: Partial<ServerDeps> = {}): ServerDeps {
  const missing = new Proxy(
    {},
    {
      get: (_, name) => () => {
        throw new Error(`no ${String(name)} in this test`);
      },
    },
  );
  const quiet: AsyncIterable<EventMessage> = { [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }) };
  return {
    containers,
    files: missing as ServerDeps['files'],
    images: missing as ServerDeps['images'],
    registries: missing as ServerDeps['registries'],
    builds: missing as ServerDeps['builds'],
    volumes: missing as ServerDeps['volumes'],
    networks: missing as ServerDeps['networks'],
    system: missing as ServerDeps['system'],
    buildConnections: missing as ServerDeps['buildConnections'],
    events: { subscribe: () => quiet },
    log: nullLog,
    ...others,
  };
}
