import { createReadStream, readFileSync, rmSync, statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { LARGEST_DOCKERFILE, parseGitSource } from '#dockerfile';
import { invalid } from '#errdefs';
import { fetchGit } from '../ops/fetch-git.ts';
import { fetchHttp } from '../ops/fetch-http.ts';
import type { ClassicDeps } from './classic.ts';

interface Remote {
  readonly remote: string;
  readonly signal: AbortSignal;
}

const nobody = () => {};

/** Fetches a context from elsewhere; what is no archive is the Dockerfile itself, and is returned. */
export async function fetchRemote(
  snapshots: ClassicDeps['snapshots'],
  folder: string,
  { remote, signal }: Remote,
): Promise<Uint8Array | undefined> {
  const git = parseGitSource(remote);
  if (git) {
    const remoteUrl = git.looksLocal ? `https://${git.remote}` : git.remote;
    if (git.subdir !== '') throw invalid('a folder of a repository is not supported as a context yet');
    const whole = {
      ...git,
      remote: remoteUrl,
      keepGitDir: git.keepGitDir ?? false,
      submodules: git.submodules ?? true,
    };
    await fetchGit(whole, { folder, signal, log: nobody });
    return undefined;
  }
  if (!/^https?:\/\//.test(remote)) throw invalid(`unsupported remote context: ${remote}`);
  const name = `${basename(folder)}.fetched`;
  const { path } = await fetchHttp(
    { url: remote, name, checksum: '' },
    { folder: dirname(folder), signal, status: nobody },
  );
  try {
    if (statSync(path).size <= LARGEST_DOCKERFILE && isText(readFileSync(path))) return readFileSync(path);
    await snapshots.unpackInto(folder, createReadStream(path), { signal });
    return undefined;
  } finally {
    rmSync(path, { force: true });
  }
}

/** Archives have zeros, packed ones what is no text. */
function isText(bytes: Buffer): boolean {
  if (bytes.includes(0)) return false;
  return Buffer.from(bytes.toString('utf8')).equals(bytes);
}
