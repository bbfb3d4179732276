import { readFileSync } from 'node:fs';
import { Agent as PlainAgent } from 'node:http';
import { Agent as TlsAgent } from 'node:https';
import { dirname, join, resolve } from 'node:path';
import { bypassesProxy, checkTarget, guardedLookup, isInsecure, isLoopback } from './addresses.ts';
import type { Endpoint } from './endpoint.ts';
import type { Incoming, Outgoing } from './exchange.ts';
import { exchange } from './exchange.ts';
import { requestFailure } from './failure.ts';
import type { RegistrySettings } from './settings.ts';
import { readTrust } from './trust.ts';

const REDIRECTS = 10;
const SOCKETS = 16;

export type Letter = Omit<Outgoing, 'agent' | 'lookup'>;

/** Connections to one endpoint and to wherever it sends us. */
export class Wire implements Disposable {
  readonly #endpoint: Endpoint;
  readonly #settings: RegistrySettings;
  readonly #folders: readonly string[];
  readonly #stall: number | undefined;
  readonly #agents = new Map<string, PlainAgent>();
  #users = 1;

  constructor(
    endpoint: Endpoint,
    settings: RegistrySettings,
    { folders, stall }: { folders: readonly string[]; stall?: number | undefined },
  ) {
    this.#endpoint = endpoint;
    this.#stall = stall;
    this.#settings = settings;
    this.#folders = folders;
  }

  /** Sends a request, follows redirects of GET and HEAD; other hosts than the first are sent no credentials. */
  async send(start: URL, letter: Letter): Promise<Incoming> {
    const follows = letter.method === 'GET' || letter.method === 'HEAD';
    let url = start;
    let headers = letter.headers;
    for (let hop = 0; ; hop++) {
      const answer = await this.#once(url, { ...letter, headers }, hop > 0);
      const to = follows ? redirectOf(answer) : undefined;
      if (to === undefined) return answer;
      answer.cancel();
      const next = new URL(to, url);
      try {
        if (hop >= REDIRECTS) throw new Error(`stopped after ${REDIRECTS} redirects`);
        this.#checkHop(url, next);
      } catch (error) {
        throw requestFailure(letter.method, next, error);
      }
      if (next.origin !== url.origin) headers = withoutSecrets(headers);
      url = next;
    }
  }

  /** One more who disposes of it; the last one closes the connections. */
  share(): void {
    this.#users++;
  }

  [Symbol.dispose](): void {
    if (--this.#users > 0) return;
    for (const agent of this.#agents.values()) agent.destroy();
  }

  #checkHop(from: URL, to: URL): void {
    if (to.protocol !== 'https:' && to.protocol !== 'http:')
      throw new Error(`unsupported protocol scheme "${to.protocol}"`);
    if (to.hostname !== this.#endpoint.base.hostname) checkTarget(to.hostname);
    const isDowngrade = from.protocol === 'https:' && to.protocol === 'http:';
    if (isDowngrade && !isLoopback(to.hostname) && !isInsecure(to.host, this.#settings.insecure)) {
      throw new Error('refused to follow a redirect from HTTPS to plain HTTP');
    }
  }

  async #once(url: URL, letter: Letter, isElsewhere: boolean): Promise<Incoming> {
    const guard = isElsewhere && url.hostname !== this.#endpoint.base.hostname ? { lookup: guardedLookup } : {};
    try {
      return await exchange(url, {
        ...letter,
        ...guard,
        ...(this.#stall && { stall: this.#stall }),
        agent: this.#agent(url),
      });
    } catch (error) {
      letter.signal?.throwIfAborted();
      throw requestFailure(letter.method, url, error);
    }
  }

  #agent(url: URL): PlainAgent {
    const known = this.#agents.get(url.origin);
    if (known) return known;
    const options = { keepAlive: true, maxSockets: SOCKETS, ...this.#proxy(url) };
    const agent = url.protocol === 'https:' ? new TlsAgent({ ...options, ...this.#tls(url) }) : new PlainAgent(options);
    this.#agents.set(url.origin, agent);
    return agent;
  }

  #tls(url: URL) {
    const { base, registry, skipVerify, certificates } = this.#endpoint;
    const isOwn = url.host === base.host;
    const names = isOwn ? [registry, base.host] : [url.host];
    const folders = names.flatMap((name) => this.#folders.map((folder) => join(folder, name)));
    const trust = readTrust(folders);
    const rejectUnauthorized = isOwn ? !skipVerify : !isInsecure(url.host, this.#settings.insecure);
    if (!isOwn || !certificates) return { ...trust, rejectUnauthorized };
    const read = (path: string) => readFileSync(resolve(dirname(folders[0]!), path));
    return {
      ca: [trust.ca, ...certificates.ca.map(read)].flat() as string[],
      ...(certificates.client.length > 0 && {
        cert: certificates.client.map(([cert]) => read(cert)),
        key: certificates.client.map(([, key]) => read(key)),
      }),
      rejectUnauthorized,
    };
  }

  #proxy(url: URL) {
    const { proxies } = this.#settings;
    const environment = process.env;
    const of = (name: string) => environment[name] || environment[name.toLowerCase()] || '';
    const none = proxies.none || of('NO_PROXY');
    if (bypassesProxy(url, none)) return {};
    const [https, http] = [proxies.https || of('HTTPS_PROXY'), proxies.http || of('HTTP_PROXY')];
    return { proxyEnv: { ...(https && { HTTPS_PROXY: https }), ...(http && { HTTP_PROXY: http }) } };
  }
}

function redirectOf({ status, headers }: Incoming): string | undefined {
  return [301, 302, 303, 307, 308].includes(status) ? headers.location : undefined;
}

/** Docker's clients authenticate by this header alone; cookies are not kept. */
function withoutSecrets(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name.toLowerCase() !== 'authorization'));
}
