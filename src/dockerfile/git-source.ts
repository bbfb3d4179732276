import { goQuote } from '#template/quote';
import { refuse } from './dockerfile-error.ts';
import { parseBool } from './go-values.ts';

/** A git repository as ADD and contexts name it. */
export interface GitSource {
  /** What git is given: without query and fragment. */
  readonly remote: string;
  /** Branch, tag or commit; empty for the default. */
  readonly ref: string;
  readonly checksum: string;
  readonly subdir: string;
  readonly keepGitDir?: boolean;
  readonly submodules?: boolean;
  /** `github.com/…`, which may as well be a folder: accepted for contexts only. */
  readonly looksLocal: boolean;
}

const URL_SOURCE = /^([a-zA-Z0-9]+):\/\/([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/s;
const SCP_SOURCE = /^([a-zA-Z0-9-_]+@[a-zA-Z0-9-.]+:[^?#]*)(?:\?([^#]*))?(?:#(.*))?$/s;

/** Reads a git source; undefined for what is something else. A query that makes no sense is refused. */
export function parseGitSource(text: string): GitSource | undefined {
  if (text.startsWith('./') || text.startsWith('../')) return undefined;
  const parts = partsOf(text);
  if (!parts) return undefined;
  const [ref = '', ...subdir] = parts.fragment.split(':');
  const source = { ref, subdir: subdir.join(':'), checksum: '' };
  return { remote: parts.remote, looksLocal: parts.looksLocal, ...withQuery(source, parts.query) };
}

function partsOf(text: string) {
  if (text.startsWith('github.com/')) {
    const [, remote = '', query = '', fragment = ''] = /^([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/s.exec(text)!;
    return { remote, query, fragment, looksLocal: true };
  }
  const [, scheme, rest = '', query = '', fragment = ''] = URL_SOURCE.exec(text) ?? [];
  if (scheme !== undefined) {
    const protocol = scheme.toLowerCase();
    if (!['http', 'https', 'ssh', 'git'].includes(protocol)) return undefined;
    // What speaks HTTP is a repository only by its name.
    if (protocol.startsWith('http') && !/\/.*\.git$/s.test(rest)) return undefined;
    return { remote: `${scheme}://${rest}`, query, fragment, looksLocal: false };
  }
  const [, remote, scpQuery = '', scpFragment = ''] = SCP_SOURCE.exec(text) ?? [];
  return remote === undefined ? undefined : { remote, query: scpQuery, fragment: scpFragment, looksLocal: false };
}

type Refined = Pick<GitSource, 'ref' | 'subdir' | 'checksum'> & Partial<Pick<GitSource, 'keepGitDir' | 'submodules'>>;

function withQuery(source: Refined, query: string): Refined {
  const given = new URLSearchParams(query);
  const refined: { -readonly [K in keyof Refined]: Refined[K] } = { ...source };
  const named: Record<string, string> = {};
  for (const key of new Set(given.keys())) {
    const values = given.getAll(key);
    if (values.length > 1) refuse(`query ${goQuote(key)} has multiple values`);
    const value = values[0]!;
    const isFlag = key === 'submodules' || key === 'keep-git-dir';
    if (value === '' && !isFlag) refuse(`query ${goQuote(key)} has no value`);
    if (key === 'ref' || key === 'subdir') refined[key] = agreed(key, refined[key], value);
    else if (key === 'checksum' || key === 'commit') refined.checksum = value;
    else if (key === 'tag' || key === 'branch') named[key] = value;
    else if (key === 'keep-git-dir') refined.keepGitDir = flag(key, value);
    else if (key === 'submodules') refined.submodules = flag(key, value);
    else refuse(`unexpected query ${goQuote(key)}`);
  }
  if (named['tag']) refined.ref = agreed('ref', refined.ref, prefixed('refs/tags/', named['tag']));
  if (named['branch']) {
    if (named['tag']) refuse('branch conflicts with tag');
    refined.ref = agreed('ref', refined.ref, prefixed('refs/heads/', named['branch']));
  }
  return refined;
}

function agreed(key: string, before: string, value: string): string {
  if (before !== '' && before !== value) refuse(`${key} conflicts: ${goQuote(before)} vs ${goQuote(value)}`);
  return value;
}

function prefixed(prefix: string, name: string): string {
  return name.startsWith(prefix) ? name : prefix + name;
}

function flag(key: string, value: string): boolean {
  if (value === '') return true;
  return parseBool(value) ?? refuse(`invalid ${key} value: ${goQuote(value)}`);
}

/** Whether a source of ADD is fetched over HTTP as a file. */
export function isHttpSource(source: string): boolean {
  return /^https?:\/\//.test(source) && parseGitSource(source) === undefined;
}
