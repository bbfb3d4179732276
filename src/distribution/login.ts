import { EngineError, invalid } from '#errdefs';
import { parseReference } from '#oci';
import type { Credentials } from './credentials.ts';
import { readAll } from './exchange.ts';
import { RegistryError } from './failure.ts';
import type { Registries } from './registries.ts';
import type { Remote } from './remote.ts';
import { fetchToken } from './tokens.ts';

const HUB = 'docker.io';
const ANSWER_LIMIT = 64 * 1024;

/** The answer of `POST /auth`. */
export interface LoginResult {
  readonly IdentityToken: string;
  readonly Status: string;
}

/** Shows credentials to their registry; an identity token to be kept in place of the password when it gives one. */
export async function login(
  registries: Registries,
  credentials: Credentials,
  signal?: AbortSignal,
): Promise<LoginResult> {
  const domain = registryOf(credentials.serverAddress ?? '');
  const access = { actions: ['push'], credentials, ...(signal && { signal }) } as const;
  const identity = await registries.use({ domain, path: '' }, access, (remote) =>
    enter(registries, remote, credentials, signal),
  );
  return { IdentityToken: identity, Status: 'Login Succeeded' };
}

/** The registry that a server address stands for: `https://index.docker.io/v1/` is Docker Hub. */
export function registryOf(address: string): string {
  const [host = ''] = address.replace(/^https?:\/\//, '').split('/');
  if (host === '' || host === 'index.docker.io' || host === 'registry-1.docker.io') return HUB;
  try {
    return parseReference(`${host.toLowerCase()}/x`).domain === host.toLowerCase() ? host.toLowerCase() : host;
  } catch (error) {
    throw invalid(`invalid registry address ${JSON.stringify(address)}`, error);
  }
}

/** One endpoint: with a token from its token server, or with the password itself. */
async function enter(
  registries: Registries,
  remote: Remote,
  credentials: Credentials,
  signal: AbortSignal | undefined,
): Promise<string> {
  const bearer = remote.challenges.find(({ scheme }) => scheme === 'bearer');
  const fresh = bearer && (await freshToken(registries, remote, { credentials, signal }));
  const answer = await remote.request({
    method: 'GET',
    at: remote.endpoint.base,
    accepts: [200, 401, 403],
    ...(fresh && { headers: { authorization: `Bearer ${fresh.token}` } }),
    ...(signal && { signal }),
  });
  await readAll(answer, ANSWER_LIMIT).catch(() => undefined);
  if (answer.status === 200) return fresh?.refreshToken ?? credentials.identityToken ?? '';
  const status = `${answer.status} ${answer.statusText}`;
  throw new RegistryError(`login attempt to ${remote.endpoint.base.href} failed with status: ${status}`);
}

async function freshToken(
  registries: Registries,
  remote: Remote,
  { credentials, signal }: { credentials: Credentials; signal: AbortSignal | undefined },
) {
  const { endpoint } = remote;
  try {
    return await fetchToken(remote.challenges.find(({ scheme }) => scheme === 'bearer')!, {
      ...{ wire: remote.wire, endpoint, insecure: registries.settings.insecure, credentials, scopes: [] },
      headers: { 'user-agent': registries.userAgent },
      offline: true,
      ...(signal && { signal }),
    });
  } catch (error) {
    signal?.throwIfAborted();
    const { message } = error as Error;
    const { kind = 'internal' } = error instanceof EngineError ? error : {};
    throw new RegistryError(`Get "${endpoint.base.href}": ${message}`, { kind }, error);
  }
}
