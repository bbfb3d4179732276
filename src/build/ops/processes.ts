import type { HostConfig } from '#api';
import { FrameDecoder } from '#api';
import type { ExitRecord } from '#runtime';
import { failpoint } from '#sys';
import type { BuildDeps, SandboxRequest, SpecRequest } from '../deps.ts';
import type { StepSink } from '../flights.ts';

/** What of a runtime's request a step decides. */
export interface ProcessRequest {
  readonly id: string;
  readonly rootfs: Parameters<BuildDeps['runtime']['prepare']>[0]['rootfs'];
  readonly placed: NonNullable<Parameters<BuildDeps['runtime']['prepare']>[0]['placed']>;
  readonly sandbox: SandboxRequest;
  /** Given the files of its network. */
  readonly spec: (files: { hosts: string; resolvConf: string; hostname: string }) => Promise<SpecRequest>;
  readonly sink: StepSink;
  readonly signal: AbortSignal;
}

/** Commands of steps as processes in containers that nobody lists. What a crash leaves, the sweep of containers removes. */
export class Processes {
  readonly #deps: Pick<
    BuildDeps,
    'idMaps' | 'runtime' | 'networks' | 'store' | 'log' | 'planCgroup' | 'stubSysctls' | 'renderSpec'
  >;
  readonly #waiting = new Map<string, (exit: ExitRecord) => void>();

  constructor(deps: BuildDeps) {
    this.#deps = deps;
    deps.runtime.onExit((id, exit) => this.#waiting.get(id)?.(exit));
  }

  /** Runs to its end, or to that of the signal; nothing is left of it but what it wrote. */
  async run(request: ProcessRequest): Promise<ExitRecord> {
    const { id, signal } = request;
    signal.throwIfAborted();
    const exited = Promise.withResolvers<ExitRecord>();
    this.#waiting.set(id, exited.resolve);
    try {
      await this.#bringUp(request);
      const { output } = await this.#begin(request);
      const aborted = this.#killOn(id, signal);
      const exit = await Promise.race([exited.promise, aborted.promise]);
      await output;
      return exit;
    } finally {
      this.#waiting.delete(id);
      await this.#takeAway(id);
    }
  }

  #killOn(id: string, signal: AbortSignal): PromiseWithResolvers<never> {
    const aborted = Promise.withResolvers<never>();
    aborted.promise.catch(() => undefined);
    const end = () => {
      this.#deps.runtime
        .killAll(id)
        .catch((error) => this.#deps.log.warn('a step was not killed', { step: id, error }))
        .finally(() => aborted.reject(signal.reason));
    };
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
    return aborted;
  }

  async #bringUp({ id, rootfs, placed, sandbox }: ProcessRequest): Promise<void> {
    const { runtime, networks, store, planCgroup, stubSysctls } = this.#deps;
    const { hostConfig } = sandbox;
    const { netns } = store.tx(() => {
      networks.register(sandbox);
      return networks.reserve(sandbox);
    });
    failpoint('build.run.reserved');
    const links = netns === 'private' ? networks.links(id) : undefined;
    const { pid } = await runtime.prepare({
      ...{ id, runtime: '', rootfs, placed, log: null, tty: false, openStdin: false, stdinOnce: false },
      netns: netns === 'host' ? 'host' : 'new',
      cgroup: planCgroup({ id, hostConfig }),
      sysctls: stubSysctls(hostConfig),
      links,
      userns: usersOf(this.#deps, hostConfig),
    });
    failpoint('build.run.prepared');
    if (links) networks.linked(id, { pid });
    else if (netns === 'private' || netns === 'none') {
      const sockets = await networks.attach(id, { pid });
      if (sockets.length > 0) networks.serveNames(id, await runtime.hold(id, sockets));
    }
    failpoint('build.run.attached');
  }

  /** Starts it; `output` settles at the end of what it writes. */
  async #begin({ id, spec: request, sink, signal }: ProcessRequest): Promise<{ output: Promise<void> }> {
    const { runtime, networks, renderSpec } = this.#deps;
    const { spec } = renderSpec(await request(networks.files(id)));
    const stream = await runtime.attach(id, { stdin: false, stdout: true, stderr: true });
    const frames = new FrameDecoder();
    const { promise, resolve } = Promise.withResolvers<void>();
    stream.on('data', (chunk: Buffer) => {
      for (const { stream: name, data } of frames.push(chunk)) {
        if (name === 'stdout' || name === 'stderr') sink.log(name, data);
      }
    });
    stream.once('close', resolve).on('error', () => resolve());
    signal.throwIfAborted();
    await runtime.start(id, { spec, sockets: [] });
    failpoint('build.run.started');
    return { output: promise };
  }

  async #takeAway(id: string): Promise<void> {
    const { runtime, networks, store, log } = this.#deps;
    for (const result of await Promise.allSettled([runtime.discard(id), networks.detach(id)])) {
      if (result.status === 'rejected') log.warn('a step left something', { step: id, error: result.reason });
    }
    failpoint('build.run.discarded');
    store.tx(() => {
      networks.release(id);
      networks.forget(id);
    });
    failpoint('build.run.released');
  }
}

/** Whose users a step's are: not root's of the host, unless it shares what is the host's. */
export function usersOf({ idMaps }: Pick<BuildDeps, 'idMaps'>, { Privileged, NetworkMode }: HostConfig) {
  return Privileged || NetworkMode === 'host' ? undefined : idMaps;
}
