import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { BUILD } from './client.ts';

const PINNED = join(import.meta.dirname, 'npm');
const FETCH = resolve(import.meta.dirname, '../../../tools/fetch-modules.sh');
const LOCK = 'package-lock.json';

/** Fetches the pinned packages below build/ and puts scripts beside them; returns where. Fetched once. */
export function provideModules(scripts: readonly string[]): string {
  const root = join(BUILD, 'npm');
  mkdirSync(root, { recursive: true });
  for (const script of scripts) copyFileSync(join(import.meta.dirname, script), join(root, script));
  const isCurrent = existsSync(join(root, 'node_modules')) && read(join(root, LOCK)) === read(join(PINNED, LOCK));
  if (isCurrent) return root;
  for (const file of ['package.json', LOCK]) copyFileSync(join(PINNED, file), join(root, file));
  execFileSync(FETCH, ['--in', root], { stdio: ['ignore', 'ignore', 'inherit'] });
  return root;
}

function read(path: string): string {
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}
