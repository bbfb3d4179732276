import { API_VERSION, before, MIN_API_VERSION } from '#api';

/** A request's target taken apart; the path is without version and still percent-encoded. */
export interface Target {
  readonly version: string | undefined;
  readonly path: string;
  readonly query: string;
}

const VERSION = /^\/v([0-9][0-9.]*)(\/.*)$/;

export function parseTarget(url: string): Target {
  const absolute = url.startsWith('/') ? url : url.replace(/^[a-z]+:\/\/[^/?]*/i, '') || '/';
  const mark = absolute.indexOf('?');
  const whole = mark < 0 ? absolute : absolute.slice(0, mark);
  const query = mark < 0 ? '' : absolute.slice(mark + 1);
  const isVersioned = whole.startsWith('/v') && whole.charCodeAt(2) < 58;
  const parts = isVersioned ? VERSION.exec(whole) : null;
  return parts ? { version: parts[1]!, path: parts[2]!, query } : { version: undefined, path: whole, query };
}

/** Where Docker's router sends a path with empty or dotted segments; undefined for a clean one. */
export function cleanPath(path: string): string | undefined {
  if (!path.includes('//') && !path.includes('/.')) return undefined;
  const out: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '..') out.pop();
    else if (segment !== '' && segment !== '.') out.push(segment);
  }
  const isFolder = out.length > 0 && path.endsWith('/');
  const cleaned = `/${out.join('/')}${isFolder ? '/' : ''}`;
  return cleaned === path ? undefined : cleaned;
}

/** What is wrong with a version, in Docker's words; undefined for one that is spoken here. */
export function versionFault(version: string): string | undefined {
  if (before(version, MIN_API_VERSION)) {
    return `client version ${version} is too old. Minimum supported API version is ${MIN_API_VERSION}, please upgrade your client to a newer version`;
  }
  if (before(API_VERSION, version)) {
    return `client version ${version} is too new. Maximum supported API version is ${API_VERSION}`;
  }
  return undefined;
}

/** A part of a path without its percent-encoding; undefined when that is broken. Bytes that are not UTF-8 become U+FFFD. */
export function decodePart(part: string): string | undefined {
  if (!part.includes('%')) return part;
  try {
    return decodeURIComponent(part);
  } catch {
    if (/%(?![0-9a-fA-F]{2})/.test(part)) return undefined;
    const bytes = part.replace(/%(..)/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
    return Buffer.from(bytes, 'latin1').toString('utf8');
  }
}
