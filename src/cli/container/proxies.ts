import type { CreateBody } from '#client';
import type { Session } from '../session.ts';

const variables: Record<string, string> = {
  httpProxy: 'HTTP_PROXY',
  httpsProxy: 'HTTPS_PROXY',
  ftpProxy: 'FTP_PROXY',
  noProxy: 'NO_PROXY',
  allProxy: 'ALL_PROXY',
};

/** Adds the proxies of the user's configuration to the environment, unless the variable is given. */
export function withProxies(session: Session, body: CreateBody): CreateBody {
  const { proxies } = session.config;
  const own = proxies?.[session.client.transport.address.text] ?? proxies?.['default'];
  if (!own) return body;
  const env = [...((body['Env'] as string[] | undefined) ?? [])];
  const given = new Set(env.map((variable) => variable.split('=', 1)[0]));
  for (const [key, name] of Object.entries(variables)) {
    const value = own[key];
    for (const one of value ? [name, name.toLowerCase()] : []) if (!given.has(one)) env.push(`${one}=${value}`);
  }
  return { ...body, Env: env };
}
