import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { BuildEvents, BuildInputs, BuildRequest, BuildResult } from '#build';
import { buildRequest } from '#build';
import { nullLog } from '#log';
import { loadConfig } from '../../../src/daemon/config.ts';
import { recover } from '../../../src/daemon/daemon.ts';
import type { Engine } from '../../../src/daemon/engine.ts';
import { openEngine } from '../../../src/daemon/engine.ts';
import { parseFlags } from '../../../src/daemon/flags.ts';
import { busyboxTar } from '../../conformance/image.ts';

/** What a step said, and how builds went. */
export interface Heard {
  readonly log: string;
  readonly cached: readonly string[];
  readonly done: readonly string[];
}

/** The engine in this process, with an image `conformance`, for what only clients of BuildKit's protocol can ask. */
export class BuildEngine implements AsyncDisposable {
  readonly folder: string;
  readonly engine: Engine;

  private constructor(folder: string, engine: Engine) {
    this.folder = folder;
    this.engine = engine;
  }

  static async open(): Promise<BuildEngine> {
    const folder = mkdtempSync('/var/tmp/gantry-test-build-');
    const [data, run] = [join(folder, 'data'), join(folder, 'run')];
    for (const path of [data, run]) mkdirSync(path);
    const config = loadConfig(parseFlags(['--data-root', data, '--exec-root', run]));
    const engine = await openEngine(config, nullLog);
    await recover(engine);
    const options = { repo: 'conformance', tag: 'latest', changes: ['ENV PATH=/bin'], platform: '', message: '' };
    for await (const _ of engine.images.import(Readable.from([busyboxTar()]), options as never));
    return new BuildEngine(folder, engine);
  }

  async build(
    dockerfile: string,
    { request = {}, inputs = {}, signal = new AbortController().signal }: Asked = {},
  ): Promise<{ result: BuildResult; heard: Heard }> {
    const heard = { log: '', cached: [] as string[], done: [] as string[] };
    const names = new Map<string, string>();
    const events: BuildEvents = {
      vertex: ({ digest, name }) => void names.set(digest, name),
      started: () => {},
      completed: (digest, { cached }) => void (cached ? heard.cached : heard.done).push(names.get(digest)!),
      failed: () => {},
      status: () => {},
      log: (_digest, _stream, chunk) => void (heard.log += Buffer.from(chunk).toString()),
      warning: () => {},
    };
    const nothing = async () => undefined;
    const given: BuildInputs = {
      dockerfile: Buffer.from(dockerfile),
      dockerfileName: 'Dockerfile',
      dockerignore: undefined,
      context: async () => ({ folder: this.folder, excludes: ['**'] }),
      contextNamed: nothing,
      secret: nothing,
      ssh: nothing,
      hasSsh: async () => false,
      auth: nothing,
      output: () => Promise.reject(new Error('no output')),
      ...inputs,
    };
    const result = await this.engine.builder.build(buildRequest(request), given, events, { signal });
    return { result, heard };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.engine.networks.uninstall();
    await this.engine[Symbol.asyncDispose]();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

interface Asked {
  readonly request?: Partial<BuildRequest>;
  readonly inputs?: Partial<BuildInputs>;
  readonly signal?: AbortSignal;
}
