import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { StatusError } from '../status-error.ts';

/** Runs the gantryd of this installation with these words, on our own input and output; answers with its exit code. */
export async function runInstalledDaemon(words: readonly string[]): Promise<number> {
  const child = spawn(join(installation(), 'bin', 'gantryd'), words, { stdio: 'inherit' });
  const pass = (signal: NodeJS.Signals) => child.kill(signal);
  process.on('SIGTERM', pass).on('SIGINT', pass);
  return await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
  });
}

/** The folder of this installation. This program lies in its build/, or is a source that its Node runs. */
export function installation(): string {
  const own = dirname(process.execPath);
  const places = [join(own, '..'), join(own, '..', '..', '..')];
  const found = places.find((path) => existsSync(join(path, 'bin', 'gantryd')));
  if (!found) throw new StatusError(`bin/gantryd is not where it is looked for: ${places.join(', ')}`, 1);
  return found;
}
