import type { IncomingMessage } from 'node:http';

/** What an Authorization header holds. */
export type Presented =
  | { readonly kind: 'basic'; readonly account: string; readonly password: string }
  | { readonly kind: 'bearer'; readonly token: string };

/** Reads the credentials of a request; undefined where there are none that we know. */
export function presented({ headers }: IncomingMessage): Presented | undefined {
  const match = /^(\w+) +([^\s]+)$/.exec(headers.authorization ?? '');
  if (!match) return undefined;
  const [, scheme, text] = match as unknown as [string, string, string];
  if (scheme.toLowerCase() === 'bearer') return { kind: 'bearer', token: text };
  if (scheme.toLowerCase() !== 'basic') return undefined;
  const pair = Buffer.from(text, 'base64').toString();
  const at = pair.indexOf(':');
  return at < 0 ? undefined : { kind: 'basic', account: pair.slice(0, at), password: pair.slice(at + 1) };
}
