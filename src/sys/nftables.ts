import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('../../build/native/gantry-nft', import.meta.url));
const DEADLINE = 20_000;

/**
 * Runs nft commands as one transaction through libnftables, in a child process that lives only for it (the library leaks
 * and may abort). Waits for it, some 10 ms: for a worker thread. Throws with nft's complaint.
 */
export function nftables(commands: string): void {
  const child = spawnSync(PROGRAM, { input: commands, timeout: DEADLINE, encoding: 'utf8', env: {} });
  if (child.error) throw child.error;
  if (child.status !== 0) throw new Error(`nft: ${child.stderr.trim() || `ended by signal ${child.signal}`}`);
}
