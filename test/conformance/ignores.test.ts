import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Trail } from '#dockerfile';
import { DockerfileError, PathPatterns, readIgnoreFile } from '#dockerfile';
import type { IgnoreCase, IgnoreFact } from './ignores/ignores.ts';
import { EMPTY_FOLDERS, FILES, readIgnoreCases } from './ignores/ignores.ts';

/** Every .dockerignore of the corpus leaves of a context what BuildKit left. */
const FACTS: Readonly<Record<string, IgnoreFact>> = JSON.parse(
  readFileSync(join(import.meta.dirname, 'facts', 'ignores.json'), 'utf8'),
);

const PATHS = [...FILES, 'Dockerfile', '.dockerignore', ...EMPTY_FOLDERS.map((folder) => `${folder}/`)];

/** The entries of a folder of the context, folders with a slash. */
function entriesOf(folder: string): string[] {
  const below = PATHS.filter((path) => path !== folder && path.startsWith(folder));
  return [...new Set(below.map((path) => /^[^/]*\/?/.exec(path.slice(folder.length))![0]))].map(
    (name) => folder + name,
  );
}

/** A walk as a sender of a context makes it: an excluded folder is there only for what it holds. */
function walk(patterns: PathPatterns, folder = '', above?: Trail): string[] {
  return entriesOf(folder).flatMap((entry) => {
    const path = entry.replace(/\/$/, '');
    const { matches, trail } = patterns.step(path, above);
    if (!entry.endsWith('/')) return matches ? [] : [entry];
    if (matches && patterns.maySkip(path)) return [];
    const inside = walk(patterns, entry, trail);
    return matches && inside.length === 0 ? [] : [entry, ...inside];
  });
}

function keptBy({ text }: IgnoreCase): IgnoreFact {
  try {
    return walk(new PathPatterns(readIgnoreFile(Buffer.from(text)))).sort();
  } catch (error) {
    if (error instanceof DockerfileError) return error.message;
    throw error;
  }
}

for (const each of readIgnoreCases()) {
  test(each.name, () => assert.deepEqual(keptBy(each), FACTS[each.name]));
}
