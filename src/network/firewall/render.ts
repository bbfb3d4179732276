import { spawnSync } from 'node:child_process';
import { extname, join } from 'node:path';

const CHILD = join(import.meta.dirname, `nft-child${extname(import.meta.filename)}`);
const DEADLINE = 20_000;

/**
 * Runs nft commands as one transaction, in a child process that lives only for it (libnftables leaks and may abort).
 * Waits for it: for the net worker, where it also keeps its place among the changes of single elements.
 */
export function runInChild(commands: string): void {
  const child = spawnSync(process.execPath, ['--no-warnings', CHILD], {
    input: commands,
    timeout: DEADLINE,
    encoding: 'utf8',
    env: { PATH: process.env.PATH ?? '' },
  });
  if (child.error) throw child.error;
  if (child.status !== 0) {
    throw new Error(`the firewall refused our table: ${child.stderr.trim() || `signal ${child.signal}`}`);
  }
}
