/** What a user proves to be somebody by; Docker's AuthConfig. Never logged. */
export interface Credentials {
  readonly username?: string;
  readonly password?: string;
  readonly serverAddress?: string;
  /** A refresh token, in place of a password. */
  readonly identityToken?: string;
  /** Sent as it is, without asking a token server. */
  readonly registryToken?: string;
}

const LIMIT = 64 * 1024;

/** Decodes the `X-Registry-Auth` header. Docker: what is malformed or empty counts as nothing. */
export function decodeAuthHeader(header: string | readonly string[] | undefined): Credentials {
  const text = typeof header === 'string' ? header : header?.[0];
  if (!text || text.length > LIMIT) return {};
  return credentialsOf(parse(Buffer.from(text, 'base64').toString()));
}

/** Decodes `X-Registry-Config`: credentials by registry, as a build is given them. */
export function decodeConfigHeader(header: string | undefined): Map<string, Credentials> {
  const value = header && header.length <= LIMIT * 16 ? parse(Buffer.from(header, 'base64').toString()) : undefined;
  if (typeof value !== 'object' || value === null) return new Map();
  return new Map(Object.entries(value).map(([host, one]) => [host, credentialsOf(one)]));
}

/** What config.json and Docker's clients call Docker Hub. */
const DOCKER_HUB = 'https://index.docker.io/v1/';

/**
 * Who to be at each registry, of the headers `X-Registry-Config` (registries by name) and `X-Registry-Auth`, which counts for
 * the one registry that it names and for no other.
 */
export function credentialsByHost(headers: {
  readonly registryConfig?: string | undefined;
  readonly auth?: string | undefined;
}): (domain: string) => Credentials {
  const known = new Map(decodeConfigHeader(headers.registryConfig));
  const one = decodeAuthHeader(headers.auth);
  if (one.serverAddress !== undefined && !known.has(one.serverAddress)) known.set(one.serverAddress, one);
  return (domain) => known.get(domain === 'docker.io' ? DOCKER_HUB : domain) ?? {};
}

/** The fields of an AuthConfig; names in any case, as Go reads them. */
export function credentialsOf(value: unknown): Credentials {
  if (typeof value !== 'object' || value === null) return {};
  const fields = new Map(Object.entries(value).map(([name, field]) => [name.toLowerCase(), field]));
  const text = (name: string) => {
    const field = fields.get(name);
    return typeof field === 'string' && field !== '' ? field : undefined;
  };
  const [user, secret] = split(text('auth'));
  const given = {
    username: text('username') ?? user,
    password: text('password') ?? secret,
    serverAddress: text('serveraddress'),
    identityToken: text('identitytoken'),
    registryToken: text('registrytoken'),
  };
  return Object.fromEntries(Object.entries(given).filter(([, field]) => field !== undefined));
}

/** Whether there is anything to prove somebody by. */
export function hasCredentials({ username, identityToken, registryToken }: Credentials): boolean {
  return [username, identityToken, registryToken].some((field) => field !== undefined);
}

function split(auth: string | undefined): [string?, string?] {
  if (auth === undefined) return [];
  const text = Buffer.from(auth, 'base64').toString();
  const colon = text.indexOf(':');
  return colon < 0 ? [] : [text.slice(0, colon), text.slice(colon + 1).replace(/\0+$/, '')];
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
