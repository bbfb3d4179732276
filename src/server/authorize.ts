import type { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { hasBody, readText } from './body.ts';
import type { Authorizer, RequestFacts } from './deps.ts';
import type { Route } from './route.ts';

/** Docker: what plugins are shown of a body. A longer one is refused: what they do not see they cannot judge. */
const BODY_LIMIT = 1 << 20;
/** Docker: answers that are longer have begun to go out when they are judged. */
const ANSWER_LIMIT = 64 * 1024;
/** Credentials are not shown to plugins. */
const SECRET = new Set(['host', 'authorization', 'x-registry-config', 'x-registry-auth']);

/** One request that plugins have allowed, and whose answer they will be shown. */
export class Judged {
  readonly #authorizer: Authorizer;
  readonly #facts: RequestFacts;
  /** The body as it was judged, which is what must be acted on; undefined when it was not read. */
  readonly body: string | undefined;

  private constructor(authorizer: Authorizer, facts: RequestFacts, body: string | undefined) {
    this.#authorizer = authorizer;
    this.#facts = facts;
    this.body = body;
  }

  /** Asks the plugins for a request of this route; throws when they do not allow it. */
  static async request(authorizer: Authorizer, request: IncomingMessage, route: Route): Promise<Judged> {
    const readsJson = route.body !== undefined;
    const body = readsJson || (!route.isBinary && isJson(request)) ? await readText(request, BODY_LIMIT) : undefined;
    const facts = factsOf(request, route.path === '/auth' ? undefined : body);
    await authorizer.request(facts);
    return new Judged(authorizer, facts, body);
  }

  /** Asks for an answer that is about to be sent; throws when it must not be. */
  async answer(status: number, headers: readonly string[], body: Uint8Array | undefined): Promise<void> {
    const isShown =
      body !== undefined && body.length <= ANSWER_LIMIT && pairs(headers)['Content-Type'] === 'application/json';
    await this.#authorizer.response(this.#facts, { status, headers: pairs(headers), body: isShown ? body : undefined });
  }
}

/** Routes without a JSON body ignore one; Docker shows it to plugins all the same. */
const isJson = (request: IncomingMessage): boolean =>
  hasBody(request) && /^application\/json\s*(;|$)/i.test(request.headers['content-type'] ?? '');

function factsOf(request: IncomingMessage, body: string | undefined): RequestFacts {
  const certificates = peerCertificates(request.socket as TLSSocket);
  return {
    method: request.method ?? '',
    uri: request.url ?? '',
    headers: pairs(request.rawHeaders),
    body: body ? Buffer.from(body) : undefined,
    user: certificates.user,
    certificates: certificates.chain,
  };
}

/** Names as Go writes them, the last of equal ones. */
function pairs(headers: readonly string[]): Record<string, string> {
  const found: Record<string, string> = {};
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = headers[i]!.toLowerCase();
    if (!SECRET.has(name)) found[name.replace(/(^|-)([a-z])/g, (text) => text.toUpperCase())] = headers[i + 1]!;
  }
  return found;
}

function peerCertificates(socket: TLSSocket): { user: string; chain: string[] } {
  const chain: string[] = [];
  const first = socket.encrypted ? socket.getPeerCertificate(true) : undefined;
  for (let one = first; one?.raw && chain.length < 10; one = one.issuerCertificate) {
    const text = one.raw.toString('base64').replace(/(.{64})(?!$)/g, '$1\n');
    chain.push(`-----BEGIN CERTIFICATE-----\n${text}\n-----END CERTIFICATE-----\n`);
    if (one.issuerCertificate === one) break;
  }
  const name: string | string[] | undefined = first?.subject?.CN;
  return { user: (Array.isArray(name) ? name[0] : name) ?? '', chain };
}

/** Lets plugins see that a stream or a taken-over connection has ended; what they say of it comes too late to matter. */
export function tellAtEnd(judged: Judged, stream: EventEmitter, headers: readonly string[]): void {
  stream.once('close', () => void judged.answer(200, headers, undefined).catch(() => undefined));
}
