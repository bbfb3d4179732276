const MS_REC = 1 << 14;
const UNBINDABLE = 1 << 17;
const PRIVATE = 1 << 18;
const SLAVE = 1 << 19;
const SHARED = 1 << 20;

/** Words of mount(8) that are flags of mount(2); those with a minus take the flag away. */
const FLAGS: Readonly<Record<string, number>> = {
  defaults: 0,
  ro: 1,
  rw: -1,
  nosuid: 2,
  suid: -2,
  nodev: 4,
  dev: -4,
  noexec: 8,
  exec: -8,
  sync: 16,
  async: -16,
  remount: 32,
  mand: 64,
  nomand: -64,
  dirsync: 128,
  noatime: 1024,
  atime: -1024,
  nodiratime: 2048,
  diratime: -2048,
  bind: 4096,
  rbind: 4096 | MS_REC,
  unbindable: UNBINDABLE,
  runbindable: UNBINDABLE | MS_REC,
  private: PRIVATE,
  rprivate: PRIVATE | MS_REC,
  slave: SLAVE,
  rslave: SLAVE | MS_REC,
  shared: SHARED,
  rshared: SHARED | MS_REC,
  relatime: 1 << 21,
  norelatime: -(1 << 21),
  strictatime: 1 << 24,
  nostrictatime: -(1 << 24),
};
const PROPAGATION = UNBINDABLE | PRIVATE | SLAVE | SHARED;

export interface MountOptions {
  /** Of mount(2), propagation included. */
  readonly flags: number;
  /** What is the file system's own. */
  readonly data: string;
}

/** Takes the `o` of a volume apart. */
export function parseMountOptions(words: string): MountOptions {
  let flags = 0;
  const data: string[] = [];
  for (const word of words.split(',')) {
    const flag = Object.hasOwn(FLAGS, word) ? FLAGS[word]! : undefined;
    if (flag === undefined) data.push(word);
    else if (flag < 0) flags &= ~-flag;
    else flags |= flag;
  }
  return { flags, data: data.join(',') };
}

/** The mount as Docker's errors name it; a password in the options is not shown. */
export function describeMount(source: string, target: string, { flags, data }: MountOptions): string {
  const own = flags & ~PROPAGATION;
  const shown = data.replace(/(^|,)(pass(?:word)?|password2)=[^,]*/g, '$1$2=********');
  return `mount ${source}:${target}${own ? `, flags: 0x${own.toString(16)}` : ''}${shown ? `, data: ${shown}` : ''}`;
}
