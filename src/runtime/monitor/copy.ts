import { createHash } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { failpoint, isErrno } from '#sys';

/** Digits of the hash in a name. */
const DIGITS = 16;

/**
 * The path of a copy of a program in `folder`, named by its content: whoever runs it is not disturbed by what is done to
 * the original. Made when it is missing.
 */
export function copyOf(program: string, folder: string): string {
  const content = readFileSync(program);
  const hash = createHash('sha256').update(content).digest('hex').slice(0, DIGITS);
  const path = join(folder, `${basename(program)}-${hash}`);
  if (sizeOf(path) === content.length) return path;
  mkdirSync(folder, { recursive: true, mode: 0o711 });
  failpoint('runtime.copy.folder-made');
  write(`${path}.new`, content);
  failpoint('runtime.copy.written');
  renameSync(`${path}.new`, path);
  failpoint('runtime.copy.named');
  return path;
}

/** Removes the copies that are neither `current` nor run by one of these processes. */
export function removeOldCopies(current: string, pids: readonly number[]): void {
  const folder = join(current, '..');
  const used = new Set([current, ...pids.map(executableOf)]);
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (used.has(path)) continue;
    rmSync(path, { force: true });
    failpoint('runtime.copy.removed');
  }
}

/** On the disk before it gets its name: a power cut leaves no empty program. */
function write(path: string, content: Buffer): void {
  const fd = openSync(path, 'w', 0o755);
  try {
    for (let at = 0; at < content.length; ) at += writeSync(fd, content, at);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function sizeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.size;
}

function executableOf(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/exe`);
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ESRCH', 'EACCES')) return '';
    throw error;
  }
}
