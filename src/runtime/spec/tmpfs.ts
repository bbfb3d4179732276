import { invalid } from '#errdefs';

const FLAGS: Record<string, string> = {};
for (const [flag, words] of Object.entries({
  ro: 'ro rw',
  nosuid: 'suid nosuid',
  nodev: 'dev nodev',
  noexec: 'exec noexec',
  sync: 'sync async',
  dirsync: 'dirsync',
  remount: 'remount',
  mand: 'mand nomand',
  atime: 'atime noatime',
  diratime: 'diratime nodiratime',
  bind: 'bind',
  rbind: 'rbind',
  relatime: 'relatime norelatime',
  strictatime: 'strictatime nostrictatime',
  propagation: 'unbindable runbindable private rprivate shared rshared slave rslave',
})) {
  for (const word of words.split(' ')) FLAGS[word] = flag;
}
const VALUES = ['size', 'mode', 'uid', 'gid', 'nr_inodes', 'nr_blocks', 'mpol'];

/** Options of a tmpfs mount: Docker's defaults, overridden by the user's words; an unknown word is refused. */
export function tmpfsOptions(data: string): string[] {
  const options = ['noexec', 'nosuid', 'nodev', 'rprivate', ...(data === '' ? [] : data.split(','))];
  const seen = new Set<string>();
  const merged: string[] = [];
  for (const option of options.reverse()) {
    if (option === 'defaults') continue;
    const key = FLAGS[option] ?? valueKey(option);
    if (!seen.has(key)) merged.unshift(option);
    seen.add(key);
  }
  return merged;
}

function valueKey(option: string): string {
  const [key = '', ...value] = option.split('=');
  if (value.length === 0 || !VALUES.includes(key)) throw invalid(`invalid tmpfs option "${option}"`);
  return `${key}=`;
}

export interface TmpfsRequest {
  readonly ReadOnly?: boolean;
  readonly TmpfsOptions?: {
    readonly SizeBytes?: number;
    readonly Mode?: number;
    readonly Options?: readonly (readonly string[] | null)[];
  };
}

/** A `--mount type=tmpfs` as the words of `--tmpfs`. */
export function tmpfsData({ ReadOnly, TmpfsOptions: options }: TmpfsRequest): string {
  const words = ReadOnly ? ['ro'] : [];
  if (options?.Mode) words.push(`mode=${options.Mode.toString(8)}`);
  if (options?.SizeBytes) words.push(`size=${sizeWord(options.SizeBytes)}`);
  for (const option of options?.Options ?? []) if (option) words.push(option.join('='));
  return words.join(',');
}

function sizeWord(bytes: number): string {
  const unit = [
    ['g', 2 ** 30],
    ['m', 2 ** 20],
    ['k', 2 ** 10],
  ].find(([, size]) => bytes % (size as number) === 0);
  return unit ? `${bytes / (unit[1] as number)}${unit[0]}` : String(bytes);
}
