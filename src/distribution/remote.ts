import { delay } from '#async';
import { EngineError } from '#errdefs';
import type { Challenge } from './challenge.ts';
import { parseChallenges } from './challenge.ts';
import type { Credentials } from './credentials.ts';
import type { Endpoint } from './endpoint.ts';
import type { Incoming } from './exchange.ts';
import { readAll } from './exchange.ts';
import { isTransient, RegistryError, refusal, requestFailure, shownUrl } from './failure.ts';
import type { Tokens } from './tokens.ts';
import { basicHeader } from './tokens.ts';
import type { Letter, Wire } from './wire.ts';

/** Bytes of a refusal that are read. */
const REFUSAL_LIMIT = 64 * 1024;
const ATTEMPTS = 3;
/** A registry that asks for more patience is told to the user at once. */
const LONGEST_WAIT_SECONDS = 60;

/** One request to a repository. */
export interface Asked {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Below the repository (`manifests/latest`), or a whole URL that the registry gave (`Location`, `Link`). */
  readonly at: string | URL;
  readonly headers?: Readonly<Record<string, string>>;
  /** A stream is asked for again when the request is repeated. */
  readonly body?: Uint8Array | (() => NonNullable<Letter['body']>);
  /** Statuses that are no failure; 200 alone when absent. */
  readonly accepts?: readonly number[];
  /** Rights beyond those the remote was opened with: `repository:a/b:pull` of a mount. */
  readonly scopes?: readonly string[];
  /** How long the head of the answer may take, in ms. */
  readonly patience?: number;
  readonly signal?: AbortSignal;
}

export interface RemoteOptions {
  readonly wire: Wire;
  readonly endpoint: Endpoint;
  /** The repository's name there; '' for the registry itself. */
  readonly path: string;
  readonly credentials: Credentials;
  readonly scopes: readonly string[];
  readonly tokens: Tokens;
  readonly insecure: readonly string[];
  readonly userAgent: string;
  /** Told before a wait that the registry asked for. */
  readonly onWait?: (seconds: number) => void;
}

/** A repository at one endpoint: requests with the credentials that it asks for. Dispose it to close its connections. */
export class Remote implements Disposable {
  readonly endpoint: Endpoint;
  readonly path: string;
  readonly #options: RemoteOptions;
  #challenges: readonly Challenge[] = [];

  constructor(options: RemoteOptions) {
    this.endpoint = options.endpoint;
    this.path = options.path;
    this.#options = options;
  }

  /** Asks whether a registry is there, and how it wants to be asked. Any answer is one. */
  async ping(signal?: AbortSignal): Promise<void> {
    const { wire, endpoint } = this.#options;
    const answer = await wire.send(endpoint.base, {
      method: 'GET',
      headers: this.#headers(),
      ...(signal && { signal }),
    });
    if (answer.status === 401) this.#challenges = parseChallenges(answer.headers['www-authenticate']);
    await drop(answer);
  }

  /** Sends a request; what is not accepted is thrown as the registry's words. */
  async request(asked: Asked): Promise<Incoming> {
    const { accepts = [200] } = asked;
    const url = this.url(asked.at);
    for (let attempt = 1; ; attempt++) {
      const answer = await this.#patiently(url, asked, attempt);
      if (!answer) continue;
      if (accepts.includes(answer.status)) return answer;
      throw await readRefusal(answer);
    }
  }

  /** The whole of a small answer. */
  async read(asked: Asked, limit: number): Promise<{ answer: Incoming; bytes: Buffer }> {
    const answer = await this.request(asked);
    const bytes = await readAll(answer, limit).catch((error) => {
      asked.signal?.throwIfAborted();
      throw requestFailure(asked.method, answer.url, error);
    });
    if (bytes) return { answer, bytes };
    throw new RegistryError(`the answer of ${answer.url.host} is larger than ${limit} bytes`);
  }

  url(at: string | URL): URL {
    if (at instanceof URL) return at;
    const { endpoint, path } = this.#options;
    const url = new URL(path === '' ? at : `${path}/${at}`, endpoint.base);
    if (endpoint.isMirror && endpoint.namesRegistry) url.searchParams.set('ns', endpoint.registry);
    return url;
  }

  /** The same for somebody who may need it longer, and disposes of it too. */
  share(): Remote {
    this.#options.wire.share();
    return this;
  }

  [Symbol.dispose](): void {
    this.#options.wire[Symbol.dispose]();
  }

  /** One attempt; undefined when another one is worth it and was waited for. */
  async #patiently(url: URL, asked: Asked, attempt: number): Promise<Incoming | undefined> {
    const mayRepeat = attempt < ATTEMPTS && (asked.method === 'GET' || asked.method === 'HEAD');
    const wait = (seconds: number) => delay(seconds * 1000, { ...(asked.signal && { signal: asked.signal }) });
    try {
      const answer = await this.#authorized(url, asked);
      if (!mayRepeat || ![429, 502, 503, 504].includes(answer.status)) return answer;
      const seconds = retryAfter(answer.headers['retry-after']) ?? (answer.status === 429 ? undefined : attempt / 2);
      if (seconds === undefined || seconds > LONGEST_WAIT_SECONDS) return answer;
      await drop(answer);
      this.#options.onWait?.(seconds);
      await wait(seconds);
    } catch (error) {
      asked.signal?.throwIfAborted();
      if (!mayRepeat || !isTransient(error) || (error instanceof RegistryError && error.status > 0)) throw error;
      await wait(attempt / 2);
    }
    return undefined;
  }

  async #authorized(url: URL, asked: Asked): Promise<Incoming> {
    const { wire } = this.#options;
    // Nobody but the registry itself is shown who we are.
    const isOwn = url.origin === this.endpoint.base.origin;
    for (let again = false; ; again = true) {
      const authorization = isOwn ? await this.#authorization(url, asked) : undefined;
      const body = typeof asked.body === 'function' ? asked.body() : asked.body;
      const answer = await wire.send(url, {
        method: asked.method,
        headers: { ...this.#headers(), ...asked.headers, ...(authorization && { authorization }) },
        ...(body && { body }),
        ...(asked.patience !== undefined && { patience: asked.patience }),
        ...(asked.signal && { signal: asked.signal }),
      });
      if (
        answer.status !== 401 ||
        again ||
        !isOwn ||
        asked.headers?.['authorization'] ||
        answer.url.origin !== url.origin
      )
        return answer;
      const challenges = parseChallenges(answer.headers['www-authenticate']);
      if (challenges.length === 0) return answer;
      // A refused password stays refused; a refused token may have been withdrawn.
      if (authorization && challenges.every(({ scheme }) => scheme !== 'bearer')) return answer;
      const stale = bearerOf(this.#challenges);
      if (authorization && stale) this.#options.tokens.forget(stale, this.#asking(asked));
      this.#challenges = challenges;
      await drop(answer);
    }
  }

  async #authorization(url: URL, asked: Asked): Promise<string | undefined> {
    const { credentials, tokens } = this.#options;
    // A token of the caller's own stands.
    if (this.#challenges.length === 0 || asked.headers?.['authorization']) return asked.headers?.['authorization'];
    if (credentials.registryToken) return `Bearer ${credentials.registryToken}`;
    try {
      const bearer = bearerOf(this.#challenges);
      if (bearer) return `Bearer ${await tokens.get(bearer, this.#asking(asked))}`;
      if (!this.#challenges.some(({ scheme }) => scheme === 'basic')) return undefined;
      if (credentials.username === undefined) throw new Error('no basic auth credentials');
      return basicHeader(credentials.username, credentials.password ?? '');
    } catch (error) {
      asked.signal?.throwIfAborted();
      const { message } = error as Error;
      // Docker translates no further what the token server said.
      const kind = error instanceof EngineError ? error.kind : 'internal';
      const failed = error instanceof RegistryError ? error.status : 0;
      throw new RegistryError(
        `${verbOf(asked.method)} "${shownUrl(url)}": ${message}`,
        { status: failed, kind },
        error,
      );
    }
  }

  #asking({ scopes = [], signal }: Asked) {
    const { wire, endpoint, insecure, credentials, scopes: own } = this.#options;
    const all = [...own, ...scopes];
    return { wire, endpoint, insecure, credentials, scopes: all, headers: this.#headers(), ...(signal && { signal }) };
  }

  #headers(): Record<string, string> {
    return { 'user-agent': this.#options.userAgent, 'accept-encoding': 'identity', ...this.endpoint.headers };
  }

  get wire(): Wire {
    return this.#options.wire;
  }

  /** What the registry asked for when it was pinged. */
  get challenges(): readonly Challenge[] {
    return this.#challenges;
  }
}

const verbOf = (method: string): string => method.charAt(0) + method.slice(1).toLowerCase();

function bearerOf(challenges: readonly Challenge[]): Challenge | undefined {
  return challenges.find(({ scheme }) => scheme === 'bearer');
}

/** Reads a body that nobody wants, so that its connection can be used again; a long one costs the connection. */
async function drop(answer: Incoming): Promise<void> {
  await readAll(answer, REFUSAL_LIMIT).catch(() => undefined);
}

async function readRefusal(answer: Incoming): Promise<RegistryError> {
  const bytes = await readAll(answer, REFUSAL_LIMIT).catch(() => undefined);
  return refusal(answer, bytes?.toString() ?? '');
}

/** Seconds that a `Retry-After` header asks for. */
export function retryAfter(header: string | undefined, now = Date.now()): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d{1,9}$/.test(header)) return Number(header);
  const time = Date.parse(header);
  return Number.isNaN(time) ? undefined : Math.max(0, Math.ceil((time - now) / 1000));
}
