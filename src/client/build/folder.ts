import { createReadStream } from 'node:fs';
import { lstat, readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { FileSource, Stat } from '#buildkit';
import { comparePaths, toGoMode } from '#buildkit';
import type { Trail } from '#dockerfile';
import { PathPatterns } from '#dockerfile';

/** Which files of a folder are wanted. */
export interface FolderQuery {
  /** Only these and what is in them; none and no followed paths: everything. */
  readonly includes: readonly string[];
  readonly excludes: readonly string[];
  /** More of them, whose links are followed: what they lead to is wanted too. */
  readonly followPaths: readonly string[];
}

const SLASH = Buffer.from('/');
const PIECE = 256 * 1024;

/** The files of a folder as a transfer sends them; owners are not told, as a context has none. */
export function folderSource(root: string, { includes, excludes, followPaths }: FolderQuery): FileSource {
  const paths: Buffer[] = [];
  const links = new Map<string, Buffer>();
  const base = Buffer.from(root);
  const at = (path: Buffer) => (path.length === 0 ? base : Buffer.concat([base, SLASH, path]));
  async function* files(): AsyncGenerator<Partial<Stat>> {
    const names = [...includes, ...(await followed(root, followPaths))];
    const wanted = names.length === 0 ? undefined : new PathPatterns(names);
    const walk = { at, links, excluded: new PathPatterns(excludes), wanted };
    for await (const { path, stat } of walkFolder(walk, Buffer.alloc(0))) {
      paths.push(path);
      yield stat;
    }
  }
  return { files: files(), content: (index) => createReadStream(at(paths[index]!), { highWaterMark: PIECE }) };
}

interface Walk {
  readonly at: (path: Buffer) => Buffer;
  /** The first name told of each file that has several, by device and inode. */
  readonly links: Map<string, Buffer>;
  readonly excluded: PathPatterns;
  readonly wanted: PathPatterns | undefined;
}

interface Found {
  readonly path: Buffer;
  readonly stat: Partial<Stat>;
}

/** Folders that are excluded are told only when something in them is not. */
async function* walkFolder(walk: Walk, folder: Buffer, trail?: Trail): AsyncGenerator<Found> {
  const names = await readdir(walk.at(folder), { encoding: 'buffer' });
  const paths = names.map((name) => (folder.length === 0 ? name : Buffer.concat([folder, SLASH, name])));
  for (const path of paths.sort(comparePaths)) {
    const text = path.toString();
    const { matches: isExcluded, trail: own } = walk.excluded.step(text, trail);
    const isWanted = walk.wanted?.matches(text) ?? true;
    const info = await lstat(walk.at(path), { bigint: true });
    if (info.isSocket()) continue;
    if (!info.isDirectory()) {
      if (!isExcluded && isWanted) yield { path, stat: await statOf(walk, path, info) };
      continue;
    }
    const mayHold =
      (isWanted || (walk.wanted?.mayMatchBelow(text) ?? true)) && !(isExcluded && walk.excluded.maySkip(text));
    if (!mayHold) continue;
    const self = { path, stat: await statOf(walk, path, info) };
    let isTold = !isExcluded && isWanted;
    if (isTold) yield self;
    for await (const found of walkFolder(walk, path, own)) {
      if (!isTold) yield self;
      isTold = true;
      yield found;
    }
  }
}

type Info = Awaited<ReturnType<typeof lstatBig>>;
const lstatBig = (path: Buffer) => lstat(path, { bigint: true });

async function statOf({ at, links }: Walk, path: Buffer, info: Info): Promise<Partial<Stat>> {
  const linkname = info.isSymbolicLink()
    ? await readlink(at(path), { encoding: 'buffer' })
    : firstName(links, path, info);
  return {
    ...{ path, mode: toGoMode(Number(info.mode)), modTime: info.mtimeNs },
    ...(info.isFile() ? { size: Number(info.size) } : {}),
    ...(linkname ? { linkname } : {}),
  };
}

/** The name that the same file was told by before. */
function firstName(links: Map<string, Buffer>, path: Buffer, info: Info): Buffer | undefined {
  if (!info.isFile() || info.nlink < 2n) return undefined;
  const inode = `${info.dev} ${info.ino}`;
  const first = links.get(inode);
  if (!first) links.set(inode, path);
  return first;
}

const MOST_LINKS = 255;

/** The paths that are reached by these, links resolved inside of the folder. */
async function followed(root: string, paths: readonly string[]): Promise<string[]> {
  const found = new Set<string>();
  let left = MOST_LINKS;
  const follow = async (path: string): Promise<void> => {
    const parts = path.split('/');
    const done: string[] = [];
    for (const [at, part] of parts.entries()) {
      if (part === '..') done.pop();
      if (part === '' || part === '.' || part === '..') continue;
      done.push(part);
      const isPattern = /[*?[\\]/.test(part);
      const target = isPattern ? undefined : await readlink(join(root, ...done)).catch(() => undefined);
      if (target === undefined || left-- <= 0) continue;
      found.add(done.join('/'));
      const base = target.startsWith('/') ? [] : done.slice(0, -1);
      await follow([...base, target, ...parts.slice(at + 1)].join('/'));
      return;
    }
    found.add(done.length > 0 ? done.join('/') : '**');
  };
  for (const path of paths) await follow(path);
  return [...found];
}
