import { globSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '../..');

/** The names of all failpoints in the sources. */
export function failpoints(): string[] {
  const names = globSync('src/**/*.ts', { cwd: ROOT })
    .filter((file) => !file.endsWith('.test.ts'))
    .flatMap((file) =>
      [...readFileSync(`${ROOT}/${file}`, 'utf8').matchAll(/\bfailpoint\('([^']+)'\)/g)].map((m) => m[1]!),
    );
  return [...new Set(names)].sort();
}
