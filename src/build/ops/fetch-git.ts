import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { invalid } from '#errdefs';
import type { GitAccess } from './git-access.ts';

export interface GitSourceRequest {
  readonly remote: string;
  readonly ref: string;
  readonly checksum: string;
  readonly keepGitDir: boolean;
  readonly submodules: boolean;
}

interface Fetching {
  readonly folder: string;
  readonly signal: AbortSignal;
  readonly log: (stream: 'stdout' | 'stderr', chunk: Uint8Array) => void;
  readonly access?: GitAccess | undefined;
}

/** Nothing of the host's configuration, no questions, and no transport that runs programs. */
const ENVIRONMENT = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  GIT_TERMINAL_PROMPT: '0',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_ALLOW_PROTOCOL: 'http:https:git:ssh',
  HOME: '/nonexistent',
  LC_ALL: 'C',
};

/** Checks a repository out into an empty folder, its submodules too. What is in it then is hostile. */
export async function fetchGit(source: GitSourceRequest, fetching: Fetching): Promise<void> {
  const { folder } = fetching;
  const git = (...words: string[]) => run(words, source.remote, fetching);
  const wanted = source.ref || source.checksum || 'HEAD';
  if (wanted.startsWith('-')) throw invalid(`invalid ref: ${wanted}`);
  await git('init', '-q');
  await git('remote', 'add', '--', 'origin', source.remote);
  const depth = await fetchRef(git, wanted);
  const head = (await git('rev-parse', 'HEAD')).trim();
  if (source.checksum !== '' && !head.startsWith(source.checksum)) {
    throw invalid(`expected checksum to match ${source.checksum}, got ${head}`);
  }
  if (source.submodules) await git('submodule', 'update', '-q', '--init', '--recursive', ...depth);
  if (source.keepGitDir) await forgetTimes(git, folder);
  else rmSync(join(folder, '.git'), { recursive: true, force: true });
}

type Git = (...words: string[]) => Promise<string>;

const SHALLOW = ['--depth=1'];

/** What a server refuses that gives whole histories only, or no commits by their numbers. */
const NEEDS_ALL =
  /dumb http transport|does not support shallow|unadvertised object|not our ref|couldn't find remote ref/;

/** Fetches no more than one commit where the server can; how its submodules are to be fetched. */
async function fetchRef(git: Git, wanted: string): Promise<readonly string[]> {
  try {
    await git('fetch', '-q', ...SHALLOW, '--no-tags', 'origin', wanted);
    await git('checkout', '-q', '--detach', 'FETCH_HEAD');
    return SHALLOW;
  } catch (error) {
    if (!NEEDS_ALL.test((error as Error).message)) throw error;
    const isNumber = /^[0-9a-f]{7,64}$/.test(wanted);
    if (!isNumber && /couldn't find remote ref/.test((error as Error).message)) throw error;
    await git('fetch', '-q', '--tags', 'origin', ...(isNumber ? [EVERYTHING] : [wanted]));
    await git('checkout', '-q', '--detach', isNumber ? wanted : 'FETCH_HEAD');
    return [];
  }
}

const EVERYTHING = '+refs/heads/*:refs/remotes/origin/*';

/** The same commit leaves the same files in `.git`: no log of who did what when, no times of files. */
async function forgetTimes(git: Git, folder: string): Promise<void> {
  for (const name of ['index', 'FETCH_HEAD', 'ORIG_HEAD', 'logs']) {
    rmSync(join(folder, '.git', name), { recursive: true, force: true });
  }
  await git('read-tree', 'HEAD');
}

const HARDENED = [
  ...['-c', 'core.hooksPath=/dev/null', '-c', 'core.symlinks=true', '-c', 'protocol.file.allow=never'],
  ...['-c', 'core.fsmonitor=false', '-c', 'advice.detachedHead=false', '-c', 'core.logAllRefUpdates=false'],
];

const ANSWER_BYTES = 2 ** 20;

/** Runs git; its standard output. What it says has no passwords of the address. */
function run(words: readonly string[], remote: string, { folder, signal, log, access }: Fetching): Promise<string> {
  const plain = withoutPassword(remote);
  const env = { ...ENVIRONMENT, ...(access && headOf(access, remote)) };
  return new Promise((resolve, reject) => {
    const all = ['-C', folder, ...HARDENED, ...words];
    const child = spawn('git', all, { env, stdio: ['ignore', 'pipe', 'pipe'], signal });
    let [out, errors] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => {
      if (out.length < ANSWER_BYTES) out += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      const told = chunk.toString().replaceAll(remote, plain);
      if (errors.length < ANSWER_BYTES) errors += told;
      log('stderr', Buffer.from(told));
    });
    child.once('error', reject);
    child.once('close', (code) => {
      const what = words[0] === 'fetch' ? `failed to fetch remote ${plain}` : `git ${words[0]}`;
      return code === 0 ? resolve(out) : reject(invalid(`${what}: git stderr:\n${errors}: exit status ${code}`));
    });
  });
}

/** As a variable: other users of the host see the arguments of a process. */
function headOf({ authorization }: GitAccess, remote: string): Record<string, string> {
  return {
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: `http.${new URL(remote).origin}/.extraheader`,
    GIT_CONFIG_VALUE_0: `Authorization: ${authorization}`,
  };
}

/** An address as it may be shown. */
export function withoutPassword(address: string): string {
  return address.replace(/^([a-z0-9+.-]+:\/\/)([^/@:]*):[^/@]*@/i, '$1$2:xxxxx@');
}
