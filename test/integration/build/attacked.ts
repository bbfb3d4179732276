import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { api } from '../../harness/api.ts';
import type { TestDaemon } from '../../harness/daemon.ts';

/** What any one attack may make a daemon hold at once. */
const MAX_GROWTH_MB = 250;

export async function until(isSo: () => boolean, what: string): Promise<void> {
  for (let n = 0; n < 100 && !isSo(); n++) await new Promise((wake) => setTimeout(wake, 50));
  assert.ok(isSo(), what);
}

/** How many descriptors the daemon has open. */
export const descriptors = (daemon: TestDaemon): number => readdirSync(`/proc/${daemon.pid()}/fd`).length;

/** The daemon answers another client. */
export async function answers(daemon: TestDaemon): Promise<void> {
  assert.equal((await api(daemon.socket, 'GET', '/_ping', undefined, 5000)).status, 200);
}

/** The daemon lives through this, answers others meanwhile, never holds much more than before, and lets go of every connection. */
export async function survives(daemon: TestDaemon, attack: () => Promise<void>): Promise<void> {
  const pid = daemon.pid();
  const open = descriptors(daemon);
  // From here on the peak is counted anew.
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
  const before = megabytes(pid, 'VmRSS');
  await Promise.all([attack(), answers(daemon)]);
  await answers(daemon);
  const grown = Math.round(megabytes(pid, 'VmHWM') - before);
  assert.ok(grown < MAX_GROWTH_MB, `the daemon grew by ${grown} MB`);
  await until(() => descriptors(daemon) <= open, `more descriptors are open than the ${open} before`);
  assert.ok(daemon.isRunning());
}

function megabytes(pid: number, name: 'VmRSS' | 'VmHWM'): number {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)![1]) / 1024;
}
