import { createReadStream } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { isErrno } from '#sys';
import type { HeldFiles, Xattrs } from './held.ts';
import { Held } from './held.ts';

/** The first and the last line; another number is another format. */
const HEAD = 'gantry held files 1';
const TAIL = 'end';
/** Files whose lines are written together. */
const TOGETHER = 2000;

type Line = readonly [
  ...[path: string, goMode: number, uid: number, gid: number, toldSize: number, modTime: string, target: string],
  ...[rdev: number, xattrs: Xattrs, digest: string, size: number],
];

/** Writes what is known of a folder, for the next daemon; whoever changes the folder removes it first. */
export async function writeIndex(path: string, held: HeldFiles): Promise<void> {
  const temporary = `${path}.new`;
  {
    await using file = await open(temporary, 'w', 0o600);
    let lines = `${HEAD}\n`;
    let count = 0;
    for (const [name, one] of held) {
      lines += `${JSON.stringify(lineOf(name, one))}\n`;
      if (++count % TOGETHER !== 0) continue;
      await file.writeFile(lines);
      lines = '';
    }
    await file.writeFile(`${lines}${TAIL}\n`);
  }
  await rename(temporary, path);
}

/** What is known of a folder; undefined: nothing, or not all. */
export async function readIndex(path: string): Promise<HeldFiles | undefined> {
  const found: HeldFiles = new Map();
  let previous: string | undefined;
  try {
    for await (const line of createInterface({ input: createReadStream(path) })) {
      if (previous === undefined ? line !== HEAD : previous === TAIL) return undefined;
      if (previous !== undefined && line !== TAIL) add(found, JSON.parse(line) as Line);
      previous = line;
    }
  } catch (error) {
    if (isErrno(error, 'ENOENT') || error instanceof SyntaxError) return undefined;
    throw error;
  }
  return previous === TAIL ? found : undefined;
}

function lineOf(path: string, held: Held): Line {
  const { goMode, uid, gid, toldSize, modTime, target, rdev, xattrs, content } = held;
  const facts = [goMode, uid, gid, toldSize, String(modTime), target, rdev, xattrs] as const;
  return [path, ...facts, content?.digest ?? '', content?.size ?? 0];
}

function add(found: HeldFiles, line: Line): void {
  const [path, goMode, uid, gid, toldSize, modTime, target, rdev, xattrs, digest, size] = line;
  const facts = { goMode, uid, gid, toldSize, modTime: BigInt(modTime), target, rdev, xattrs };
  const held = new Held({ ...facts, content: digest === '' ? undefined : { digest, size } });
  if (held.isHardLink()) held.original = found.get(target);
  found.set(path, held);
}
