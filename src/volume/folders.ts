import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { conflict } from '#errdefs';
import { failpoint, isErrno } from '#sys';

const TRASH = '.trash';

/** The folders of volumes. Their content is hostile: it is counted and removed, never followed or opened. */
export class Folders {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
    mkdirSync(join(root, TRASH), { recursive: true, mode: 0o701 });
  }

  /** The folder that containers see. */
  data(name: string): string {
    return join(this.#root, name, '_data');
  }

  /** Makes a volume's folder, as Docker does: 0701, and 0755 within. There is success. */
  make(name: string): void {
    const made = mkdirSync(join(this.#root, name), { recursive: true, mode: 0o701 });
    if (made !== undefined) failpoint('volume.create.outer-folder');
    if (mkdirSync(this.data(name), { recursive: true, mode: 0o755 }) !== undefined) failpoint('volume.create.folder');
  }

  /** Throws when something is mounted on or below a volume's folder: its removal would empty what is mounted. */
  assertNotMounted(name: string): void {
    const folder = join(this.#root, name);
    const there = mountPoints().find((path) => path.startsWith(`${folder}/`));
    if (there) throw conflict(`remove ${name}: another file system is mounted on ${there}`);
  }

  /** Names of the volumes that have something mounted on their folder. */
  mounted(): string[] {
    const points = new Set(mountPoints());
    return this.names().filter((name) => points.has(this.data(name)));
  }

  /** Moves a volume's folder away in one step, so that its name is free; {@link clear} removes it. */
  discard(name: string): void {
    try {
      renameSync(join(this.#root, name), join(this.#root, TRASH, randomUUID()));
    } catch (error) {
      if (!isErrno(error, 'ENOENT')) throw error;
    }
    failpoint('volume.remove.renamed');
  }

  /** Removes what was discarded. */
  async clear(): Promise<void> {
    const trash = join(this.#root, TRASH);
    for (const name of await readdir(trash)) {
      await rm(join(trash, name), { recursive: true, force: true });
      failpoint('volume.trash.emptied');
    }
  }

  /** Names of all folders. */
  names(): string[] {
    return readdirSync(this.#root).filter((name) => name !== TRASH);
  }

  /** Bytes in a volume's files; those of another file system mounted below it do not count. */
  async size(name: string): Promise<number> {
    const data = Buffer.from(this.data(name));
    const top = await lstat(data).catch(() => undefined);
    return top ? sizeOf(data, top.dev) : 0;
  }
}

/** Where something is mounted, of all that this process sees. */
function mountPoints(): string[] {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) =>
      (line.split(' ')[4] ?? '').replace(/\\([0-7]{3})/g, (_, code) => String.fromCharCode(parseInt(code, 8))),
    );
}

/** Sum of the sizes of what is in a folder; hard links count once. Names are bytes; what vanishes meanwhile counts not. */
async function sizeOf(folder: Buffer, device: number, seen = new Set<number>()): Promise<number> {
  let sum = 0;
  for (const name of await readdir(folder, { encoding: 'buffer' }).catch(() => [])) {
    const path = Buffer.concat([folder, SLASH, name]);
    const stat = await lstat(path).catch(() => undefined);
    if (!stat || stat.dev !== device) continue;
    if (stat.isDirectory()) sum += await sizeOf(path, device, seen);
    else if (!seen.has(stat.ino)) {
      seen.add(stat.ino);
      sum += stat.size;
    }
  }
  return sum;
}

const SLASH = Buffer.from('/');
