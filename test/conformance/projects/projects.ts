import { execFileSync } from 'node:child_process';
import { chmodSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** A folder with a Dockerfile, as people keep them, and how it is built. */
export interface Project {
  readonly name: string;
  readonly files: readonly ProjectFile[];
  /** A script that makes in the folder what text cannot say. */
  readonly script: string;
  /** The build context, a folder of it. */
  readonly context: string;
  /** More words of the command line, the same for `docker buildx build` and `gantry build`. */
  readonly flags: readonly string[];
  /** The name that a later project finds the image by. */
  readonly tag: string;
  /** Patterns of paths whose bytes depend on the release of Debian: their sizes and digests are not compared. */
  readonly varies: readonly string[];
  /** The image that the files of the result are compared with. */
  readonly base: string;
}

interface ProjectFile {
  readonly path: string;
  readonly mode: number;
  readonly text: string;
}

/** What is compared of an image. */
export interface ProjectFact {
  /** One line for each file that differs from the base's. */
  readonly files: readonly string[];
  readonly config: object;
  readonly history: readonly string[];
}

/** The last words of a build that fails. */
export interface FailureFact {
  readonly error: string;
}

const PROJECT = /^=== (.*?)(?: (\{.*\}))?$/;
const FILE = /^--- (\S+)(?: ([0-7]+))?$/;
/** When files of contexts were changed. */
const CHANGED = '2015-06-01T12:00:00Z';

/**
 * The projects of the text files beside this one: a heading `=== name {options}`, then for each file a line
 * `--- path [mode]` and its text. The file `$` is the script.
 */
export function readProjects(): Project[] {
  return globSync('*.txt', { cwd: import.meta.dirname })
    .sort()
    .flatMap((file) => readFile(file));
}

function readFile(file: string): Project[] {
  const text = readFileSync(join(import.meta.dirname, file), 'utf8');
  return text
    .split(/^(?==== )/m)
    .filter((part) => part.startsWith('=== '))
    .map((part) => readProject(basename(file, '.txt'), part));
}

function readProject(group: string, text: string): Project {
  const end = text.indexOf('\n');
  const [, name, options = '{}'] = PROJECT.exec(text.slice(0, end))!;
  const files = text
    .slice(end + 1)
    .split(/^(?=--- )/m)
    .filter((part) => part.startsWith('--- '))
    .map((part): ProjectFile => {
      const first = part.indexOf('\n');
      const [, path, mode = '644'] = FILE.exec(part.slice(0, first))!;
      return { path: path!, mode: Number.parseInt(mode, 8), text: part.slice(first + 1) };
    });
  const script = files.find(({ path }) => path === '$')?.text ?? '';
  const defaults = { context: '.', flags: [], tag: '', varies: [], base: 'projects/busybox' };
  const rest = files.filter(({ path }) => path !== '$');
  return { name: `${group}: ${name}`, files: rest, script, ...defaults, ...JSON.parse(options) };
}

/** Writes a project into an empty folder; offline, a real engine finds no other frontend than its own. */
export function writeProject({ files, script }: Project, folder: string, isOffline: boolean): void {
  for (const { path, mode, text } of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), isOffline ? text.replace(/^# syntax=.*/, '#') : text);
    chmodSync(join(folder, path), mode);
  }
  const touch = `find . -newermt 2020-01-01 -exec touch -h -d ${CHANGED} {} +`;
  execFileSync('bash', ['--norc', '-euc', `umask 022\n${script}\n${touch}`], { cwd: folder });
}
