import type { KnownFiles } from '#build';
import type { HeldFiles, Xattrs } from './held.ts';

type Facts = NonNullable<ReturnType<KnownFiles['facts']>>;

/** The files of a folder of ours, so that nobody has to look at them. Of one state of it: what changes gets a new one. */
export class HeldTree implements KnownFiles {
  readonly root = '';
  readonly digests: KnownFiles['digests'] = new Map();
  readonly #held: HeldFiles;
  #names: Map<string, string[]> | undefined;

  constructor(held: HeldFiles) {
    this.#held = held;
  }

  facts(path: string): Facts | undefined {
    return path === '' ? TOP : this.#at(path);
  }

  names(path: string): readonly string[] {
    this.#names ??= namesOf(this.#held);
    return this.#names.get(path) ?? [];
  }

  target(path: string): string | undefined {
    const held = this.#at(path);
    return held?.isSymbolicLink() ? held.target : undefined;
  }

  xattrs(path: string): Xattrs {
    return this.#at(path)?.xattrs ?? [];
  }

  content(path: string): string {
    return this.#at(path)!.content!.digest;
  }

  async isArchive(): Promise<undefined> {
    return undefined;
  }

  /** A hard link is the file that it is a name of. */
  #at(path: string) {
    const held = this.#held.get(path.slice(1));
    return held?.original ?? held;
  }
}

/** The folder itself is ours. */
const TOP: Facts = {
  ...{ mode: 0o040755, uid: 0, gid: 0, size: 0, rdev: 0 },
  ...{ isFile: () => false, isDirectory: () => true, isSymbolicLink: () => false, isSocket: () => false },
};

/** By directory, whose path begins with a slash but for the top's. */
function namesOf(held: HeldFiles): Map<string, string[]> {
  const names = new Map<string, string[]>();
  for (const path of held.keys()) {
    const slash = path.lastIndexOf('/');
    const folder = slash < 0 ? '' : `/${path.slice(0, slash)}`;
    const there = names.get(folder);
    if (there) there.push(path.slice(slash + 1));
    else names.set(folder, [path.slice(slash + 1)]);
  }
  for (const list of names.values()) list.sort(byBytes);
  return names;
}

/** Latin-1 text is in the order of its bytes. */
const byBytes = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
