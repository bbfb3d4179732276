import { globSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';

const FORBIDDEN = new Set([
  'util',
  'utils',
  'helper',
  'helpers',
  'common',
  'misc',
  'lib',
  'types',
  'manager',
  'service',
  'impl',
  'base',
  'internal',
]);
const SOURCE_LINES = 400;
const TEST_LINES = 600;

/** Files over their limit, and names that say nothing. */
export function complaints(files: readonly { path: string; lines: number }[]): string[] {
  return files.flatMap(({ path, lines }) => {
    const limit = path.endsWith('.test.ts') ? TEST_LINES : SOURCE_LINES;
    const words = [...path.split('/').slice(0, -1), basename(path).split('.')[0]!];
    const nameless = words
      .filter((word) => FORBIDDEN.has(word))
      .map((word) => `${path}: the name "${word}" says nothing`);
    return lines > limit ? [...nameless, `${path}: ${lines} lines, the limit is ${limit}`] : nameless;
  });
}

/** The files that the rules hold for. Generated ones and tables of data are not read by people line by line. */
export function subjects(root = '.'): { path: string; lines: number }[] {
  const paths = globSync(['{src,tools,test,bench}/**/*.ts', 'native/**/*.[ch]'], { cwd: root });
  return paths
    .filter((path) => !/(^|\/)(testdata|fixtures|data)\//.test(path))
    .map((path) => ({ path, lines: readFileSync(`${root}/${path}`, 'utf8').split('\n').length - 1 }));
}

if (import.meta.main) {
  const found = complaints(subjects());
  for (const line of found) console.error(line);
  process.exitCode = found.length > 0 ? 1 : 0;
}
