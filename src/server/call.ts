import type { IncomingMessage } from 'node:http';
import { API_VERSION } from '#api';
import type { Route } from './route.ts';
import type { Router } from './router.ts';
import { cleanPath, decodePart, parseTarget, versionFault } from './target.ts';

/** What a route was called with. */
export interface Call {
  readonly version: string;
  /** What the path says for each `{…}`, decoded. */
  readonly names: readonly string[];
  readonly query: string;
}

/** What a request turns out to be. */
export type Resolved =
  | { readonly kind: 'call'; readonly route: Route; readonly call: Call }
  | { readonly kind: 'malformed' }
  | { readonly kind: 'moved'; readonly to: string }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'version'; readonly version: string; readonly message: string };

/** Finds what is called. Docker: the path is judged before the version, so an unknown path is 404 in any version. */
export function resolve(router: Router, { method, url }: IncomingMessage): Resolved {
  const target = parseTarget(url ?? '/');
  const cleaned = cleanPath(target.path);
  if (cleaned !== undefined) {
    const version = target.version === undefined ? '' : `/v${target.version}`;
    return { kind: 'moved', to: `${version}${cleaned}${target.query && `?${target.query}`}` };
  }
  const match = router.find(method ?? '', target.path);
  const names = match?.names.map(decodePart) ?? [decodePart(target.path)];
  if (names.includes(undefined)) return { kind: 'malformed' };
  if (!match) return { kind: 'unknown' };
  const { version = API_VERSION, query } = target;
  const message = versionFault(version);
  if (message !== undefined) return { kind: 'version', version, message };
  return { kind: 'call', route: match.route, call: { version, names: names as string[], query } };
}
