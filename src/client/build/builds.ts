import { randomBytes } from 'node:crypto';
import type { StatusResponse, UsageRecord } from '#buildkit';
import { Control, SESSION_HEADERS } from '#buildkit';
import { Connection, RpcError } from '#grpc';
import type { Message } from '#protobuf';
import type { Transport } from '../transport.ts';
import type { SessionOffers } from './serve-session.ts';
import { serveSession, sessionHandlers } from './serve-session.ts';

/** Something with a type and settings: an exporter, a cache. */
export interface TypedOption {
  readonly type: string;
  readonly attrs: ReadonlyMap<string, string>;
}

/** What is to be built, in the frontend's own words. */
export interface SolveOptions {
  readonly attributes: ReadonlyMap<string, string>;
  readonly exporters: readonly TypedOption[];
  readonly cacheFrom: readonly TypedOption[];
  readonly cacheTo: readonly TypedOption[];
  readonly entitlements: readonly string[];
  readonly offers: SessionOffers;
  readonly signal?: AbortSignal;
}

export type BuildStatus = Message<typeof StatusResponse>;
export type CacheUsage = Message<typeof UsageRecord>;

/** A build under way. */
export interface RunningBuild {
  readonly ref: string;
  readonly status: AsyncIterable<BuildStatus>;
  /** What the exporters say; rejects when the build fails. */
  readonly response: Promise<ReadonlyMap<string, string>>;
}

/** Building, over BuildKit's protocol: as `docker buildx` does. */
export class Builds {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Begins a build; both of its connections end with it. */
  async solve(options: SolveOptions): Promise<RunningBuild> {
    const session = randomBytes(12).toString('hex');
    const ref = randomBytes(12).toString('hex');
    const handlers = sessionHandlers(options.offers);
    const headers = {
      [SESSION_HEADERS.id]: session,
      [SESSION_HEADERS.sharedKey]: options.offers.folders.get('context') ?? '',
      [SESSION_HEADERS.method]: handlers.map(({ method }) => method.path).join(','),
    };
    const offered = await this.#transport.upgrade({ method: 'POST', path: '/session', headers }, 'h2c');
    void serveSession(offered, handlers);
    const connection = await this.#connect();
    const { signal } = options;
    const response = connection
      .unary(Control.solve, requestOf(ref, session, options), { ...(signal && { signal }) })
      .then(({ exporterResponse }) => exporterResponse)
      .finally(() => offered.destroy());
    response.catch(() => {});
    return { ref, response, status: statusOf(connection, ref) };
  }

  async diskUsage(filters: readonly string[]): Promise<readonly CacheUsage[]> {
    using connection = await this.#connect();
    return (await connection.unary(Control.diskUsage, { filter: [...filters] })).record;
  }

  async *prune(options: {
    filters: readonly string[];
    all: boolean;
    keepDuration: number;
    reservedSpace: number;
    maxUsedSpace: number;
    minFreeSpace: number;
  }): AsyncGenerator<CacheUsage> {
    using connection = await this.#connect();
    const call = connection.open(Control.prune);
    const { filters, ...others } = options;
    await call.send({ filter: [...filters], ...others });
    call.end();
    yield* call.responses();
  }

  async #connect(): Promise<Connection> {
    return new Connection(await this.#transport.upgrade({ method: 'POST', path: '/grpc' }, 'h2c'));
  }
}

function requestOf(ref: string, session: string, options: SolveOptions) {
  return {
    ...{ ref, session, frontend: 'dockerfile.v0', frontendAttrs: options.attributes },
    ...{ exporters: options.exporters, entitlements: options.entitlements },
    cache: { imports: options.cacheFrom, exports: options.cacheTo },
  };
}

/** The progress of a build, to its end; the connection ends with it. */
async function* statusOf(connection: Connection, ref: string): AsyncGenerator<BuildStatus> {
  try {
    const call = connection.open(Control.status);
    await call.send({ ref });
    call.end();
    yield* call.responses();
  } catch (error) {
    // How the build itself ends, its answer says.
    if (!(error instanceof RpcError)) throw error;
  }
}
