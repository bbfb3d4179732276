import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fetchModules } from '../../harness/modules.ts';
import { BUILD } from './client.ts';

/** Fetches the pinned packages below build/ and puts scripts beside them; returns where. Fetched once. */
export function provideModules(scripts: readonly string[]): string {
  const root = join(BUILD, 'npm');
  mkdirSync(root, { recursive: true });
  for (const script of scripts) copyFileSync(join(import.meta.dirname, script), join(root, script));
  fetchModules(join(import.meta.dirname, 'npm'), root);
  return root;
}
