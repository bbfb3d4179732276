/** The bits of Go's `os.FileMode`, as fsutil sends them. */
export const GO_MODE = {
  directory: 2 ** 31,
  symlink: 1 << 27,
  device: 1 << 26,
  fifo: 1 << 25,
  socket: 1 << 24,
  setuid: 1 << 23,
  setgid: 1 << 22,
  character: 1 << 21,
  sticky: 1 << 20,
} as const;

const S_IFMT = 0o170000;
const KINDS = [
  [0o040000, GO_MODE.directory],
  [0o120000, GO_MODE.symlink],
  [0o060000, GO_MODE.device],
  [0o020000, GO_MODE.device + GO_MODE.character],
  [0o010000, GO_MODE.fifo],
  [0o140000, GO_MODE.socket],
] as const;

const has = (mode: number, bit: number): boolean => (mode & bit) !== 0;
const KIND = 2 ** 31 + (1 << 27) + (1 << 26) + (1 << 25) + (1 << 24) + (1 << 21);

/** A mode of Go as the kernel's `st_mode`. */
export function toStMode(go: number): number {
  const kind = KINDS.find(([, bits]) => bits === kindOf(go))?.[0];
  const special =
    (has(go, GO_MODE.setuid) ? 0o4000 : 0) +
    (has(go, GO_MODE.setgid) ? 0o2000 : 0) +
    (has(go, GO_MODE.sticky) ? 0o1000 : 0);
  return (kind ?? 0o100000) + special + (go & 0o777);
}

/** The kernel's `st_mode` as Go has it. */
export function toGoMode(mode: number): number {
  const kind = KINDS.find(([bits]) => bits === (mode & S_IFMT))?.[1] ?? 0;
  const special =
    (mode & 0o4000 ? GO_MODE.setuid : 0) + (mode & 0o2000 ? GO_MODE.setgid : 0) + (mode & 0o1000 ? GO_MODE.sticky : 0);
  return kind + special + (mode & 0o777);
}

const kindOf = (go: number): number => (go & KIND) >>> 0;

export const isDirectory = (go: number): boolean => kindOf(go) === GO_MODE.directory;
export const isSymlink = (go: number): boolean => kindOf(go) === GO_MODE.symlink;
export const isRegular = (go: number): boolean => kindOf(go) === 0;
