import { readFileSync } from 'node:fs';
import { runNftables } from './nftables.ts';

/** The child process that may call libnftables: nft commands on standard input, its complaint on standard error. */
const complaint = runNftables(readFileSync(0, 'utf8'));
if (complaint !== undefined) {
  process.stderr.write(complaint);
  process.exitCode = 1;
}
