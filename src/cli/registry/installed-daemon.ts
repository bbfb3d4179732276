import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { StatusError } from '../status-error.ts';

/** Runs the gantryd of this installation with these words, on our own input and output; answers with its exit code. */
export async function runInstalledDaemon(words: readonly string[]): Promise<number> {
  const child = spawn(findDaemon(), words, { stdio: 'inherit' });
  const pass = (signal: NodeJS.Signals) => child.kill(signal);
  process.on('SIGTERM', pass).on('SIGINT', pass);
  return await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
  });
}

/** This program lies in build/, or is a source that the Node of the installation runs. */
function findDaemon(): string {
  const own = dirname(process.execPath);
  const places = [join(own, '..', 'bin', 'gantryd'), join(own, '..', '..', '..', 'bin', 'gantryd')];
  const found = places.find((path) => existsSync(path));
  if (!found) throw new StatusError(`gantryd is not where it is looked for: ${places.join(', ')}`, 1);
  return found;
}
