import { execFile } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { basename } from 'node:path';
import { promisify } from 'node:util';
import { invalid } from '#errdefs';
import type { OciRuntime } from './command.ts';

const VERSION_MS = 5_000;
const FOLDERS = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];
/** Runtimes that are offered when they are installed, without a word in daemon.json. */
const KNOWN = ['crun', 'runc', 'runsc'];

export interface RuntimeSetting {
  readonly path: string;
  readonly runtimeArgs?: readonly string[];
}

export interface RuntimeInfo {
  readonly defaultRuntime: string;
  readonly runtimes: Readonly<Record<string, { readonly path: string; readonly args: readonly string[] }>>;
  /** Of the default runtime; '' when it does not say. */
  readonly version: string;
  readonly commit: string;
}

/** The runtimes of daemon.json and those that are installed. The path of one that is missing stays as it was given. */
export function findRuntimes(
  given: Readonly<Record<string, RuntimeSetting>>,
  execRoot: string,
): Map<string, OciRuntime> {
  const installed = KNOWN.filter((name) => !(name in given)).flatMap((name) => {
    const path = findProgram(name);
    return path ? [{ name, path, args: [] }] : [];
  });
  const named = Object.entries(given).map(([name, { path, runtimeArgs = [] }]) => ({
    name,
    path: findProgram(path) ?? path,
    args: runtimeArgs,
  }));
  return new Map(
    [...installed, ...named].map((runtime) => [runtime.name, { ...runtime, root: `${execRoot}/${runtime.name}` }]),
  );
}

/** Throws when the default runtime cannot be executed: no container would ever start. */
export function assertDefault(runtimes: ReadonlyMap<string, OciRuntime>, name: string): void {
  const path = runtimes.get(name)?.path;
  if (path === undefined || findProgram(path) === undefined) {
    throw invalid(`default runtime "${name}" ${path === undefined ? 'is not installed' : `not found at ${path}`}`);
  }
}

/** An absolute path for a program's name, or the path itself when it is executable. */
function findProgram(name: string): string | undefined {
  const candidates = name.startsWith('/') ? [name] : FOLDERS.map((folder) => `${folder}/${name}`);
  return candidates.find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

interface Version {
  readonly version: string;
  readonly commit: string;
}

/** By the binary as it is on disk: a process for each `docker info` would be a second on a busy host. */
const versions = new Map<string, Version>();

/** What `<runtime> --version` says: `crun version 1.8.1` and `commit: …`. */
export async function readVersion({ path }: OciRuntime): Promise<Version> {
  const file = statSync(path, { throwIfNoEntry: false });
  const key = `${path} ${file?.ino} ${file?.mtimeMs}`;
  const known = versions.get(key);
  if (known) return known;
  try {
    const { stdout } = await promisify(execFile)(path, ['--version'], { timeout: VERSION_MS });
    const version =
      new RegExp(`${basename(path)} version (\\S+)`).exec(stdout)?.[1] ?? /version (\S+)/.exec(stdout)?.[1];
    const found = { version: version ?? '', commit: /^commit: ?(\S+)$/m.exec(stdout)?.[1] ?? '' };
    versions.set(key, found);
    return found;
  } catch {
    return { version: '', commit: '' };
  }
}
