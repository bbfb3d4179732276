import { createHash } from 'node:crypto';
import type { Challenge } from './challenge.ts';
import type { Credentials } from './credentials.ts';
import type { Endpoint } from './endpoint.ts';
import type { Incoming } from './exchange.ts';
import { readAll } from './exchange.ts';
import { RegistryError, refusal, requestFailure } from './failure.ts';
import { checkRealm } from './realm.ts';
import type { Wire } from './wire.ts';

const TOKEN_LIMIT = 1024 * 1024;
const CACHED = 512;
/** Docker: a token that says nothing, or less, is good for a minute. */
const LEAST_SECONDS = 60;
const CLIENT = 'gantry';

export interface Token {
  readonly token: string;
  /** Present when one was asked for and the server gives such. */
  readonly refreshToken?: string;
}

interface Asking {
  readonly wire: Wire;
  readonly endpoint: Endpoint;
  readonly insecure: readonly string[];
  readonly credentials: Credentials;
  readonly scopes: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
  /** Asks for an identity token too. */
  readonly offline?: boolean;
  readonly signal?: AbortSignal;
}

/** Tokens by who asks for what, until shortly before they expire. */
export class Tokens {
  readonly #known = new Map<string, { token: string; until: number }>();

  async get(challenge: Challenge, asking: Asking): Promise<string> {
    const key = keyOf(challenge, asking);
    const known = this.#known.get(key);
    if (known && known.until > Date.now()) return known.token;
    const { token, expiresIn } = await fetchToken(challenge, asking);
    if (this.#known.size >= CACHED) this.#known.delete(this.#known.keys().next().value!);
    this.#known.set(key, { token, until: Date.now() + Math.max(expiresIn - 10, 1) * 1000 });
    return token;
  }

  /** The registry did not take it. */
  forget(challenge: Challenge, asking: Asking): void {
    this.#known.delete(keyOf(challenge, asking));
  }
}

/** Secrets are no keys: their hash is. */
function keyOf({ parameters }: Challenge, { endpoint, credentials, scopes }: Asking): string {
  const place = [endpoint.base.host, parameters.get('realm'), parameters.get('service'), ...scopes];
  return createHash('sha256')
    .update(JSON.stringify([place, credentials]))
    .digest('hex');
}

/** Asks the challenge's token server, as Docker does. */
export async function fetchToken(challenge: Challenge, asking: Asking): Promise<Token & { expiresIn: number }> {
  const { wire, endpoint, credentials, insecure, signal } = asking;
  const realm = parseRealm(challenge.parameters.get('realm'));
  const isAnonymous = credentials.identityToken === undefined && credentials.username === undefined;
  checkRealm(realm, endpoint, insecure, !isAnonymous);
  const { method, url, headers, body } = credentials.identityToken
    ? refreshRequest(realm, challenge, asking)
    : tokenRequest(realm, challenge, asking);
  const answer = await wire.send(url, {
    method,
    headers: { ...asking.headers, ...headers },
    ...(body !== undefined && { body }),
    ...(signal && { signal }),
  });
  const bytes = await readAll(answer, TOKEN_LIMIT).catch((error) => {
    throw requestFailure(method, url, error);
  });
  if (answer.status < 200 || answer.status > 299) throw refused(answer, bytes);
  return decodeToken(bytes);
}

function refused(answer: Incoming, bytes: Buffer | undefined): RegistryError {
  return refusal(answer, bytes?.toString() ?? '');
}

function parseRealm(text: string | undefined): URL {
  if (!text || !URL.canParse(text)) throw new RegistryError('no supported realm in the challenge of the token server');
  const url = new URL(text);
  url.username = url.password = url.hash = '';
  return url;
}

function tokenRequest(realm: URL, { parameters }: Challenge, { credentials, scopes, offline }: Asking) {
  const url = new URL(realm);
  const { username, password = '' } = credentials;
  const service = parameters.get('service');
  if (service) url.searchParams.set('service', service);
  for (const scope of scopes) url.searchParams.append('scope', scope);
  if (username !== undefined) url.searchParams.set('account', username);
  if (offline) {
    url.searchParams.set('offline_token', 'true');
    url.searchParams.set('client_id', CLIENT);
  }
  const basic: Record<string, string> =
    username === undefined ? {} : { authorization: basicHeader(username, password) };
  return { method: 'GET', url, headers: basic, body: undefined };
}

function refreshRequest(realm: URL, { parameters }: Challenge, { credentials, scopes }: Asking) {
  const form = new URLSearchParams({
    scope: scopes.join(' '),
    service: parameters.get('service') ?? '',
    client_id: CLIENT,
    grant_type: 'refresh_token',
    refresh_token: credentials.identityToken!,
  });
  const body = Buffer.from(form.toString());
  const headers = { 'content-type': 'application/x-www-form-urlencoded', 'content-length': String(body.length) };
  return { method: 'POST', url: realm, headers, body };
}

export function basicHeader(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

function decodeToken(bytes: Buffer | undefined): Token & { expiresIn: number } {
  let document: Record<string, unknown>;
  try {
    document = JSON.parse(bytes?.toString() ?? '') as Record<string, unknown>;
  } catch (error) {
    throw new RegistryError(`unable to decode token response: ${(error as Error).message}`);
  }
  const text = (name: string) =>
    typeof document?.[name] === 'string' && document[name] !== '' ? document[name] : undefined;
  const token = text('token') ?? text('access_token');
  // A header must not be split by what a server puts into a token.
  if (!token || !/^[\x21-\x7e]+$/.test(token))
    throw new RegistryError('authorization server did not include a token in the response');
  const seconds = Number(document['expires_in']);
  const refreshToken = text('refresh_token');
  return {
    token,
    expiresIn: Number.isFinite(seconds) && seconds > LEAST_SECONDS ? Math.min(seconds, 86_400) : LEAST_SECONDS,
    ...(refreshToken && { refreshToken }),
  };
}
