import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { deadline } from '#async';
import { internal, unavailable } from '#errdefs';
import type { Log } from '#log';
import { failpoint, SystemError } from '#sys';
import type { Field } from './protocol.ts';
import { Decoder, encode } from './protocol.ts';

const ANSWER_MS = 10_000;
/** A spawner that dies at once again and again is given up. */
const RESTART_MS = 1_000;
/** Room in its command line, where a monitor writes its container's id. */
const TITLE = '-'.repeat(64);

interface Waiting {
  resolve(pid: number): void;
  reject(error: Error): void;
}

export interface SpawnerOptions {
  /** `gantry-monitor`. */
  readonly binary: string;
  readonly execRoot: string;
  readonly log: Log;
  /** Puts the process where monitors shall be born (a scope of systemd), before anything is asked of it. */
  readonly place?: (pid: number) => Promise<void>;
}

/** It died before it answered. */
class SpawnerEnded extends Error {}

/** The C process that forks monitors for this daemon. It ends with us; its monitors do not. Started anew when it dies. */
export class Spawner implements AsyncDisposable {
  readonly #options: SpawnerOptions;
  readonly #waiting = new Map<number, Waiting>();
  #child: ChildProcess | undefined;
  #startedAt = Number.NEGATIVE_INFINITY;
  #sequence = 0;
  #closed = false;

  private constructor(options: SpawnerOptions) {
    this.#options = options;
  }

  static async open(options: SpawnerOptions): Promise<Spawner> {
    const spawner = new Spawner(options);
    await spawner.#start();
    return spawner;
  }

  /** Forks a monitor that listens in `directory`; answers its pid. `request` is what the monitor itself needs. */
  async spawn(directory: string, runtime: string, request: readonly Field[]): Promise<number> {
    try {
      return await this.#ask(directory, runtime, request);
    } catch (error) {
      // A monitor that it may have forked before it died leaves its place to the next one, and goes as it is asked for nothing.
      if (!(error instanceof SpawnerEnded)) throw error;
      return await this.#ask(directory, runtime, request);
    }
  }

  async #ask(directory: string, runtime: string, request: readonly Field[]): Promise<number> {
    if (!this.#child) await this.#start();
    const sequence = ++this.#sequence;
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    this.#waiting.set(sequence, { resolve, reject });
    this.#channel.write(encode(['spawn', sequence, directory, runtime, ...request]));
    try {
      return await deadline(promise, ANSWER_MS, 'the spawner did not answer in time');
    } finally {
      this.#waiting.delete(sequence);
    }
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    this.#channel.destroy();
    await gone;
  }

  get #channel(): Socket {
    return this.#child!.stdio[3] as Socket;
  }

  async #start(): Promise<void> {
    const { binary, execRoot, log, place } = this.#options;
    if (this.#closed || performance.now() - this.#startedAt < RESTART_MS) throw unavailable('the spawner does not run');
    this.#startedAt = performance.now();
    const child = spawn(binary, ['--spawner', execRoot, TITLE], { stdio: ['ignore', 'ignore', 'ignore', 'pipe'] });
    this.#child = child;
    child.on('error', (error) => this.#end(child, error));
    child.on('exit', (code, signal) => this.#end(child, internal(`the spawner ended: ${signal ?? code}`)));
    this.#listen(child.stdio[3] as Socket, child);
    await once(child, 'spawn');
    failpoint('runtime.spawner.started');
    await place?.(child.pid!).catch((error) => log.warn('spawner not moved to its cgroup', { error }));
  }

  #listen(channel: Socket, child: ChildProcess): void {
    const decoder = new Decoder();
    channel.on('error', (error) => this.#end(child, error));
    channel.on('data', (chunk: Buffer) => {
      decoder.push(chunk);
      for (let message = decoder.next(); message; message = decoder.next()) this.#settle(message.map(String));
    });
  }

  #settle([verdict, sequence, number, text]: string[]): void {
    const waiting = this.#waiting.get(Number(sequence));
    if (verdict === 'ok') waiting?.resolve(Number(number));
    else waiting?.reject(new SystemError('spawn', Number(number), text));
  }

  #end(child: ChildProcess, error: Error): void {
    if (this.#child !== child) return;
    this.#child = undefined;
    const ended = new SpawnerEnded(error.message, { cause: error });
    for (const { reject } of this.#waiting.values()) reject(ended);
    if (!this.#closed) this.#options.log.error('spawner ended', { error });
  }
}
