import { spawnSync } from 'node:child_process';
import { getCompileCacheDir } from 'node:module';
import { extname, join } from 'node:path';

const CHILD = join(import.meta.dirname, `nftables-child${extname(import.meta.filename)}`);
const DEADLINE = 20_000;

/**
 * Runs nft commands as one transaction through libnftables, in a child process that lives only for it (the library leaks
 * and may abort). Waits for it, some 50 ms: for a worker thread. Throws with nft's complaint.
 */
export function nftables(commands: string): void {
  const cache = getCompileCacheDir();
  const child = spawnSync(process.execPath, ['--no-warnings', CHILD], {
    input: commands,
    timeout: DEADLINE,
    encoding: 'utf8',
    env: { PATH: process.env.PATH ?? '', ...(cache && { NODE_COMPILE_CACHE: cache }) },
  });
  if (child.error) throw child.error;
  if (child.status !== 0) throw new Error(`nft: ${child.stderr.trim() || `ended by signal ${child.signal}`}`);
}
