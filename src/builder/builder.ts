import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import type { BuildArguments, Progress } from '#api';
import type { Builder } from '#build';
import { Health, SERVING } from '#buildkit';
import { serve, unary } from '#grpc';
import type { Log } from '#log';
import type { BuilderContext } from './context.ts';
import { controlHandlers } from './control.ts';
import { ContextFolders } from './files/folders.ts';
import { gatewayHandlers } from './gateway.ts';
import { History } from './history/history.ts';
import { historyHandlers } from './history-control.ts';
import { buildForRest } from './rest/build.ts';
import { Uploads } from './rest/uploads.ts';
import { sessionFacts } from './session/facts.ts';
import { Sessions } from './session/sessions.ts';
import type { FindBase } from './solve/describe.ts';
import { failureOf } from './solve/failure.ts';
import { Jobs } from './solve/jobs.ts';
import type { WorkerFacts } from './workers.ts';

export interface BuilderDeps {
  readonly builder: Builder;
  /** Where copies of contexts and the records of builds are. */
  readonly root: string;
  readonly worker: () => WorkerFacts;
  readonly findBase: FindBase;
  readonly log: Log;
}

/** BuildKit's front door: procedures on one kind of connection, sessions on another. */
export class BuildDoor {
  readonly #context: BuilderContext;
  readonly #handlers;
  readonly #uploads = new Uploads();
  readonly #closing = new AbortController();

  constructor({ root, log, ...others }: BuilderDeps) {
    const folders = new ContextFolders({ root: join(root, 'contexts'), log });
    const history = new History({ folder: join(root, 'history'), log });
    this.#context = { ...others, folders, history, log, sessions: new Sessions(), jobs: new Jobs() };
    const health = unary(Health.check, () => ({ status: SERVING }));
    const groups = [controlHandlers, gatewayHandlers, historyHandlers].flatMap((make) => make(this.#context));
    this.#handlers = new Map([health, ...groups].map((handler) => [handler.method.path, handler]));
  }

  get sessions(): Sessions {
    return this.#context.sessions;
  }

  get folders(): ContextFolders {
    return this.#context.folders;
  }

  /** Serves a connection whose client speaks HTTP/2 from now on; resolves when it has ended. */
  async serve(connection: Duplex): Promise<void> {
    await serve(connection, this.#handlers, {
      failure: (error, path) => {
        const failure = failureOf(error);
        if (failure.code === 'unknown' && failure.details === undefined) {
          this.#context.log.error('a call failed', { path, error });
        }
        return failure;
      },
      signal: this.#closing.signal,
    });
  }

  /** Builds for a client of `POST /build?version=2`. */
  build(
    body: AsyncIterable<Uint8Array>,
    options: BuildArguments & { readonly signal: AbortSignal },
  ): AsyncGenerator<Progress> {
    return buildForRest(this.#context, this.#uploads, { body, options });
  }

  /** Takes a connection over which its client will serve us. */
  async attachSession(connection: Duplex, values: (name: string) => readonly string[]): Promise<void> {
    await this.#context.sessions.attach(sessionFacts(values), connection);
  }

  close(): void {
    this.#closing.abort();
    this.#context.sessions.close();
  }
}
