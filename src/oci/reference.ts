import { invalid } from '#errdefs';
import type { Digest } from './digest.ts';
import { isDigest, parseDigest } from './digest.ts';

/** A name of an image in its long form: `docker.io/library/busybox:latest`, in parts. */
export interface Reference {
  readonly domain: string;
  readonly path: string;
  readonly tag?: string;
  readonly digest?: Digest;
}

const DEFAULT_DOMAIN = 'docker.io';
const LEGACY_DOMAIN = 'index.docker.io';
const OFFICIAL = 'library/';
const NAME_LIMIT = 255;

const domainPart = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])';
const domain = `(?:${domainPart}(?:\\.${domainPart})*|\\[(?:[a-fA-F0-9:]+)\\])(?::[0-9]+)?`;
const pathPart = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
const digest = '[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}';
const tag = '\\w[\\w.-]{0,127}';
const REFERENCE = new RegExp(`^(${domain})/(${pathPart}(?:/${pathPart})*)(?::(${tag}))?(?:@(${digest}))?$`);
const TAG = new RegExp(`^${tag}$`);
const IDENTIFIER = /^[a-f0-9]{64}$/;
/** Longer than any legal reference; anything above is refused before a pattern sees it. */
const TEXT_LIMIT = 1024;

/** Parses a name as users write it, with Docker's defaults (docker.io, library/) and Docker's messages. No default tag. */
export function parseReference(text: string): Reference {
  if (IDENTIFIER.test(text)) {
    throw invalid(`invalid repository name (${text}), cannot specify 64-byte hexadecimal strings`);
  }
  if (text.length > TEXT_LIMIT) throw invalid('invalid reference format');
  const [host, rest] = splitDomain(text);
  const remote = rest.split(':', 1)[0]!;
  if (remote.toLowerCase() !== remote) {
    throw invalid(`invalid reference format: repository name (${remote}) must be lowercase`);
  }
  const match = REFERENCE.exec(`${host}/${rest}`);
  if (!match) throw invalid('invalid reference format');
  const path = match[2]!;
  if (path.length > NAME_LIMIT) throw invalid(`repository name must not be more than ${NAME_LIMIT} characters`);
  return {
    domain: match[1]!,
    path,
    ...(match[3] !== undefined && { tag: match[3] }),
    ...(match[4] !== undefined && { digest: parseDigest(match[4]) }),
  };
}

/** What a user may name an image by: an id (64 hex digits, with or without `sha256:`) or a reference. */
export function parseAnyReference(text: string): { id: Digest } | { reference: Reference } {
  if (IDENTIFIER.test(text)) return { id: `sha256:${text}` };
  return isDigest(text) ? { id: text } : { reference: parseReference(text) };
}

/** The reference with `:latest` where it has neither tag nor digest. */
export function withDefaultTag(reference: Reference): Reference {
  return reference.tag === undefined && reference.digest === undefined ? { ...reference, tag: 'latest' } : reference;
}

/** The target of `tag` and `import`: a repository and a separate tag, which wins. Undefined for an empty repository. */
export function tagTarget(repo: string, tag = ''): Reference | undefined {
  if (repo === '') return undefined;
  const { domain, path, tag: own, digest } = parseReference(repo);
  if (digest !== undefined) throw invalid('cannot import digest reference');
  if (tag !== '' && !TAG.test(tag)) throw invalid('invalid tag format');
  const target = { domain, path, tag: tag || own || 'latest' };
  if (familiarName(target) === 'sha256') {
    throw invalid('refusing to create an ambiguous tag using digest algorithm as name');
  }
  return target;
}

/** `docker.io/library/busybox`: the long name without tag and digest. */
export function canonicalName(reference: Reference): string {
  return `${reference.domain}/${reference.path}`;
}

/** `docker.io/library/busybox:latest`: the long name with what the reference has of tag and digest. */
export function canonicalString(reference: Reference): string {
  return canonicalName(reference) + suffix(reference);
}

/** `busybox`: the name as Docker shows it. */
export function familiarName({ domain, path }: Reference): string {
  if (domain !== DEFAULT_DOMAIN) return `${domain}/${path}`;
  const short = path.slice(OFFICIAL.length);
  return path.startsWith(OFFICIAL) && !short.includes('/') ? short : path;
}

/** `busybox:latest`: the reference as Docker shows it. */
export function familiarString(reference: Reference): string {
  return familiarName(reference) + suffix(reference);
}

function suffix({ tag, digest }: Reference): string {
  return (tag === undefined ? '' : `:${tag}`) + (digest === undefined ? '' : `@${digest}`);
}

/** The registry's host and the rest: the part before the first slash is a host only when it looks like one. */
function splitDomain(text: string): [domain: string, rest: string] {
  const slash = text.indexOf('/');
  if (slash < 0) return [DEFAULT_DOMAIN, OFFICIAL + text];
  const first = text.slice(0, slash);
  const isHost = first === 'localhost' || /[.:]/.test(first) || first.toLowerCase() !== first;
  const host = isHost && first !== LEGACY_DOMAIN ? first : DEFAULT_DOMAIN;
  const rest = isHost ? text.slice(slash + 1) : text;
  return host === DEFAULT_DOMAIN && !rest.includes('/') ? [host, OFFICIAL + rest] : [host, rest];
}
