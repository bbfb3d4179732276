import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { invalid } from '#errdefs';

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
export async function fetchGit(source: GitSourceRequest, { folder, signal, log }: Fetching): Promise<void> {
  const git = (...words: string[]) => run(['-C', folder, ...HARDENED, ...words], signal, log);
  await git('init', '-q');
  await git('remote', 'add', '--', 'origin', source.remote);
  const wanted = source.ref || source.checksum || 'HEAD';
  if (wanted.startsWith('-')) throw invalid(`invalid ref: ${wanted}`);
  await git('fetch', '-q', '--depth=1', '--no-tags', 'origin', wanted);
  await git('checkout', '-q', '--detach', 'FETCH_HEAD');
  const head = (await git('rev-parse', 'HEAD')).trim();
  if (source.checksum !== '' && !head.startsWith(source.checksum)) {
    throw invalid(`expected checksum to match ${source.checksum}, got ${head}`);
  }
  if (source.submodules) await git('submodule', 'update', '-q', '--init', '--recursive', '--depth=1');
  if (!source.keepGitDir) rmSync(join(folder, '.git'), { recursive: true, force: true });
}

const HARDENED = [
  ...['-c', 'core.hooksPath=/dev/null', '-c', 'core.symlinks=true', '-c', 'protocol.file.allow=never'],
  ...['-c', 'core.fsmonitor=false', '-c', 'advice.detachedHead=false'],
];

const ANSWER_BYTES = 2 ** 20;

/** Runs git; its standard output. */
function run(words: readonly string[], signal: AbortSignal, log: Fetching['log']): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn('git', words, { env: ENVIRONMENT, stdio: ['ignore', 'pipe', 'pipe'], signal });
    let [out, errors] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => {
      if (out.length < ANSWER_BYTES) out += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      if (errors.length < ANSWER_BYTES) errors += chunk.toString();
      log('stderr', chunk);
    });
    child.once('error', reject);
    child.once('close', (code) =>
      code === 0 ? resolve(out) : reject(invalid(`git ${words.at(-1)}: ${errors.trim() || `exit status ${code}`}`)),
    );
  });
}
