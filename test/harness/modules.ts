import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const FETCH = resolve(import.meta.dirname, '../../tools/fetch-modules.sh');
const LOCK = 'package-lock.json';

/** Fetches what the package-lock.json of the folder `pinned` names into `root`/node_modules; once. */
export function fetchModules(pinned: string, root: string): void {
  mkdirSync(root, { recursive: true });
  const isCurrent = existsSync(join(root, 'node_modules')) && read(join(root, LOCK)) === read(join(pinned, LOCK));
  if (isCurrent) return;
  for (const file of ['package.json', LOCK]) copyFileSync(join(pinned, file), join(root, file));
  execFileSync(FETCH, ['--in', root], { stdio: ['ignore', 'ignore', 'inherit'] });
}

function read(path: string): string {
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}
