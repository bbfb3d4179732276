import { randomBytes } from 'node:crypto';
import type { StatusResponse, UsageRecord } from '#buildkit';
import { Control, Gateway, SESSION_HEADERS } from '#buildkit';
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
  /** Only asks: the frontend says something of the Dockerfile (`requestid` among the attributes), nothing is built. */
  readonly asksOnly?: boolean;
  readonly signal?: AbortSignal;
  /** The session goes on after a failure, until the build is disposed of. */
  readonly outlivesFailure?: boolean;
}

export type BuildStatus = Message<typeof StatusResponse>;
export type CacheUsage = Message<typeof UsageRecord>;

/** A build under way; disposing it closes its connections. */
export interface RunningBuild extends Disposable {
  readonly ref: string;
  readonly status: AsyncIterable<BuildStatus>;
  /** What the exporters say, or the frontend that was only asked; rejects when the build fails. */
  readonly response: Promise<ReadonlyMap<string, string>>;
}

/** Building, over BuildKit's protocol: as `docker buildx` does. */
export class Builds {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Begins a build. */
  async solve(options: SolveOptions): Promise<RunningBuild> {
    const session = randomBytes(12).toString('hex');
    const ref = randomBytes(12).toString('hex');
    const handlers = sessionHandlers(options.offers);
    const { asksOnly, signal } = options;
    const headers = {
      [SESSION_HEADERS.id]: session,
      [SESSION_HEADERS.sharedKey]: options.offers.folders.get('context') ?? '',
      [SESSION_HEADERS.method]: handlers.map(({ method }) => method.path),
    };
    const offered = await this.#transport.upgrade({ method: 'POST', path: '/session', headers }, 'h2c');
    void serveSession(offered, handlers);
    const connection = await this.#connect();
    const calls = { connection, ref, session, signal };
    const answer = asksOnly ? ask(calls, options.attributes) : solve(calls, options);
    const response = options.outlivesFailure ? answer : answer.finally(() => offered.destroy());
    response.catch(() => {});
    const close = () => {
      offered.destroy();
      connection[Symbol.dispose]();
    };
    return { ref, response, status: statusOf(connection, ref), [Symbol.dispose]: close };
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

interface Calls {
  readonly connection: Connection;
  readonly ref: string;
  readonly session: string;
  readonly signal: AbortSignal | undefined;
}

async function solve({ connection, ref, session, signal }: Calls, options: SolveOptions) {
  const request = {
    ...{ ref, session, frontend: 'dockerfile.v0', frontendAttrs: options.attributes },
    ...{ exporters: options.exporters, entitlements: options.entitlements },
    cache: { imports: options.cacheFrom, exports: options.cacheTo },
  };
  return (await connection.unary(Control.solve, request, { ...(signal && { signal }) })).exporterResponse;
}

/** Through the gateway, which alone hands out results that are no image. */
async function ask({ connection, ref, session, signal }: Calls, attributes: ReadonlyMap<string, string>) {
  const call = { metadata: new Map([['buildkit-controlapi-buildid', [ref]]]), ...(signal && { signal }) };
  const question = { frontend: 'dockerfile.v0', frontendOpt: attributes, allowResultReturn: true };
  const asking = async () => {
    const { result } = await connection.unary(Gateway.solve, { ...question, allowResultArrayRef: true }, call);
    await connection.unary(Gateway.return, { result: {} }, call);
    return new Map([...(result?.metadata ?? [])].map(([key, value]) => [key, Buffer.from(value).toString()]));
  };
  const building = connection.unary(Control.solve, { ref, session }, { ...(signal && { signal }) });
  // Whichever fails first says why.
  const [told] = await Promise.all([asking(), building]);
  return told;
}

/** The progress of a build, to its end. */
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
