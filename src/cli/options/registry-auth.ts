import type { Session } from '../session.ts';
import { registryOf } from './reference.ts';

/** Docker keeps what it knows of its own registry under this. */
const HUB = 'https://index.docker.io/v1/';

/** The `X-Registry-Auth` header for a name: what the user's config.json has for its registry. */
export function registryAuth(session: Session, name: string): string {
  const host = registryOf(name);
  const key = host === 'docker.io' ? HUB : host;
  const { auth = '', identitytoken } = session.config.auths?.[key] ?? {};
  const [username = '', ...rest] = Buffer.from(auth, 'base64').toString().split(':');
  const password = rest.join(':').replace(/\0+$/, '');
  const known = {
    ...(username && { username }),
    ...(password && { password }),
    ...(identitytoken && { identitytoken }),
  };
  return Buffer.from(JSON.stringify({ ...known, serveraddress: key })).toString('base64url');
}
