import { createHash } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { nullLog } from '#log';
import type { SnapshotOptions } from '#snapshot';
import { Snapshots } from '#snapshot';
import { listXattrs, MNT_DETACH, mount, umount } from '#sys';
import type { NewEntry } from '#tar';
import { encodeEntry, paddingOf, TAR_END } from '#tar';

export const LAUNCHER = fileURLToPath(new URL('../../../build/native/gantry-jail', import.meta.url));

/** A snapshot folder of its own, gone with the test. */
export function snapshotRig(options: Partial<SnapshotOptions> = {}) {
  const root = fs.mkdtempSync(join(tmpdir(), 'gantry-snapshot-'));
  const data = join(root, 'snapshots');
  const open = (): Snapshots => new Snapshots({ root: data, launcher: LAUNCHER, log: nullLog, ...options });
  const snapshots = open();
  const mounted: string[] = [];
  return {
    root,
    data,
    snapshots,
    /** A second instance over the same folder, as after a restart. */
    reopen: open,
    /** Mounts a container's tree; the path. */
    mount(key: string): string {
      const target = join(root, `mnt-${key}`);
      fs.mkdirSync(target);
      const { cwd, mounts } = snapshots.mounts(key);
      const before = process.cwd();
      process.chdir(cwd);
      for (const { type, source, options: names } of mounts) {
        if (type === 'bind') mount(source, target, '', 4096 | 16384);
        else mount(source, target, type, 0, names.join(','));
      }
      process.chdir(before);
      mounted.push(target);
      return target;
    },
    unmount(key: string): void {
      const target = join(root, `mnt-${key}`);
      umount(target, 0);
      mounted.splice(mounted.indexOf(target), 1);
    },
    [Symbol.asyncDispose]: async () => {
      for (const target of mounted) umount(target, MNT_DETACH);
      await snapshots.settled();
      fs.rmSync(root, { recursive: true, force: true });
    },
  };
}

export const sha256 = (bytes: Buffer): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** A layer of these (packed) bytes; its chain id is its own digest, as a bottom layer's is. */
export function layerOf(plain: Buffer, packed: Buffer = plain) {
  const diffId = sha256(plain);
  return { chainId: diffId, diffId, open: () => Readable.from(chunks(packed), { objectMode: false }) };
}

function* chunks(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536);
}

/** An entry for {@link archive}: names as text, content beside it. */
export type Item = Omit<NewEntry, 'name' | 'linkName'> & {
  name: string | Buffer;
  linkName?: string | Buffer;
  content?: string | Buffer;
};

/** An archive of entries made by hand. */
export function archive(items: readonly Item[]): Buffer {
  return Buffer.concat([...items.flatMap(encodeItem), TAR_END]);
}

/** One entry with its content and padding. */
export function encodeItem({ name, linkName = '', content = '', ...rest }: Item): Buffer[] {
  const body = Buffer.from(content);
  const entry = { mode: rest.type === 'directory' ? 0o755 : 0o644, ...rest, size: rest.size ?? body.length };
  return [
    encodeEntry({ ...entry, name: Buffer.from(name), linkName: Buffer.from(linkName) }),
    body,
    paddingOf(body.length),
  ];
}

/** Everything that can be seen of a tree, path by path (latin1): two trees are the same when this is. */
export function portrait(root: string, { times = true } = {}): Record<string, object> {
  const seen: Record<string, object> = {};
  const inodes = new Map<bigint, string>();
  const visit = (path: Buffer, name: string): void => {
    const stats = fs.lstatSync(path, { bigint: true });
    const first = inodes.get(stats.ino);
    if (first === undefined) inodes.set(stats.ino, name);
    seen[name] = {
      ...describe(path, stats, times),
      ...(first !== undefined && !stats.isDirectory() && { sameAs: first }),
    };
    if (!stats.isDirectory()) return;
    const names = fs.readdirSync(path, { encoding: 'buffer' }).sort(Buffer.compare);
    for (const below of names) {
      visit(Buffer.concat([path, Buffer.from('/'), below]), `${name}/${below.toString('latin1')}`);
    }
  };
  visit(Buffer.from(root), '');
  return seen;
}

function describe(path: Buffer, stats: BigIntStats, times: boolean): object {
  const xattrs = listXattrs(path).filter(({ name }) => !name.toString().startsWith('user.overlay.'));
  return {
    mode: stats.mode.toString(8),
    uid: stats.uid,
    gid: stats.gid,
    ...(!stats.isDirectory() && { size: stats.size, nlink: stats.nlink }),
    ...(times && { mtime: stats.mtimeNs }),
    rdev: stats.rdev,
    xattrs: Object.fromEntries(xattrs.map(({ name, value }) => [name.toString('latin1'), value.toString('hex')])),
    ...(stats.isSymbolicLink() && { target: fs.readlinkSync(path, { encoding: 'buffer' }).toString('latin1') }),
    ...(stats.isFile() && { content: sha256(fs.readFileSync(path)), holes: stats.blocks * 512n < stats.size }),
  };
}
