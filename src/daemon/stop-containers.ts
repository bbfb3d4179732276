import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { delay } from '#async';
import type { DaemonConfig } from './config.ts';
import { readPidfile } from './lock.ts';

const FORCED_AFTER_MS = 300_000;

/**
 * Asks the running gantryd to stop its containers, each with its own signal and timeout, and waits until no monitor is
 * left. Their restart policies hold: this is the host going down, not the user stopping them.
 */
export async function stopContainers({ pidfile, execRoot }: DaemonConfig): Promise<void> {
  const pid = readPidfile(pidfile);
  if (pid === undefined) return;
  process.kill(pid, 'SIGUSR2');
  const monitors = join(execRoot, 'monitors');
  const last = Date.now() + FORCED_AFTER_MS;
  while (existsSync(monitors) && readdirSync(monitors).length > 0 && Date.now() < last) await delay(200);
}
