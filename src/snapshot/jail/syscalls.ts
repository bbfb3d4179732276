import type { BpfInstruction } from '#sys/tree';

/** What a jailed Node may call after it has loaded its code: numbers on x86-64 and arm64 (−1: there is none). */
const ALLOWED: Readonly<Record<string, readonly [number, number]>> = {
  // the ones that are called per file, first
  write: [1, 64],
  openat: [257, 56],
  close: [3, 57],
  pwrite64: [18, 68],
  read: [0, 63],
  fchown: [93, 55],
  fchmod: [91, 52],
  utimensat: [280, 88],
  lstat: [6, -1],
  futex: [202, 98],
  mkdir: [83, -1],
  open: [2, -1],
  fstat: [5, 80],
  statx: [332, 291],
  epoll_pwait: [281, 22],
  epoll_wait: [232, -1],
  madvise: [28, 233],
  munmap: [11, 215],
  mmap: [9, 222],
  mprotect: [10, 226],
  // files
  readv: [19, 65],
  writev: [20, 66],
  pread64: [17, 67],
  lseek: [8, 62],
  close_range: [436, 436],
  openat2: [437, 437],
  newfstatat: [262, 79],
  stat: [4, -1],
  statfs: [137, 43],
  fstatfs: [138, 44],
  getdents64: [217, 61],
  getdents: [78, -1],
  readlinkat: [267, 78],
  readlink: [89, -1],
  faccessat: [269, 48],
  faccessat2: [439, 439],
  access: [21, -1],
  ftruncate: [77, 46],
  truncate: [76, 45],
  fallocate: [285, 47],
  fchmodat: [268, 53],
  chmod: [90, -1],
  fchownat: [260, 54],
  chown: [92, -1],
  lchown: [94, -1],
  mkdirat: [258, 34],
  mknodat: [259, 33],
  mknod: [133, -1],
  linkat: [265, 37],
  link: [86, -1],
  symlinkat: [266, 36],
  symlink: [88, -1],
  unlinkat: [263, 35],
  unlink: [87, -1],
  rmdir: [84, -1],
  renameat: [264, 38],
  renameat2: [316, 276],
  rename: [82, -1],
  fsync: [74, 82],
  fdatasync: [75, 83],
  sendfile: [40, 71],
  copy_file_range: [326, 285],
  splice: [275, 76],
  fcntl: [72, 25],
  dup: [32, 23],
  dup2: [33, -1],
  dup3: [292, 24],
  fadvise64: [221, 223],
  umask: [95, 166],
  getcwd: [79, 17],
  ioctl: [16, 29],
  setxattr: [188, 5],
  lsetxattr: [189, 6],
  fsetxattr: [190, 7],
  getxattr: [191, 8],
  lgetxattr: [192, 9],
  fgetxattr: [193, 10],
  listxattr: [194, 11],
  llistxattr: [195, 12],
  flistxattr: [196, 13],
  removexattr: [197, 14],
  lremovexattr: [198, 15],
  fremovexattr: [199, 16],
  // memory
  mremap: [25, 216],
  brk: [12, 214],
  mlock: [149, 228],
  mincore: [27, 232],
  pkey_mprotect: [329, 288],
  pkey_alloc: [330, 289],
  pkey_free: [331, 290],
  membarrier: [324, 283],
  // signals, threads, time
  rt_sigaction: [13, 134],
  rt_sigprocmask: [14, 135],
  rt_sigreturn: [15, 139],
  sigaltstack: [131, 132],
  futex_waitv: [449, 449],
  set_robust_list: [273, 99],
  get_robust_list: [274, 100],
  rseq: [334, 293],
  sched_yield: [24, 124],
  sched_getaffinity: [204, 123],
  gettid: [186, 178],
  getpid: [39, 172],
  getppid: [110, 173],
  getuid: [102, 174],
  geteuid: [107, 175],
  getgid: [104, 176],
  getegid: [108, 177],
  getrusage: [98, 165],
  getrlimit: [97, 163],
  prlimit64: [302, 261],
  sysinfo: [99, 179],
  uname: [63, 160],
  times: [100, 153],
  getcpu: [309, 168],
  clock_gettime: [228, 113],
  clock_getres: [229, 114],
  clock_nanosleep: [230, 115],
  nanosleep: [35, 101],
  gettimeofday: [96, 169],
  time: [201, -1],
  getrandom: [318, 278],
  restart_syscall: [219, 128],
  prctl: [157, 167],
  arch_prctl: [158, -1],
  // the event loop
  epoll_create1: [291, 20],
  epoll_ctl: [233, 21],
  epoll_pwait2: [441, 441],
  poll: [7, -1],
  ppoll: [271, 73],
  select: [23, -1],
  pselect6: [270, 72],
  eventfd2: [290, 19],
  pipe2: [293, 59],
  timerfd_create: [283, 85],
  timerfd_settime: [286, 86],
  shutdown: [48, 210],
  exit: [60, 93],
  exit_group: [231, 94],
};
const CLONE = [56, 220] as const;
const CLONE3 = [435, 435] as const;
const AUDIT_ARCH = [0xc000003e, 0xc00000b7] as const;

const LOAD = 0x20;
const JUMP_EQUAL = 0x15;
const JUMP_SET = 0x45;
const RETURN = 0x06;
const ALLOW = 0x7fff0000;
const KILL = 0x80000000;
const EPERM = 0x00050000 | 1;
const ENOSYS = 0x00050000 | 38;
const CLONE_THREAD = 0x10000;

/**
 * The filter of a jail for `x64` or `arm64`: files, memory, threads and the event loop are allowed; programs, sockets,
 * processes, mounts, namespaces and everything else fail with EPERM. clone makes threads only.
 */
export function jailFilter(arch: string): BpfInstruction[] {
  const column = arch === 'x64' ? 0 : arch === 'arm64' ? 1 : undefined;
  if (column === undefined) throw new Error(`no seccomp table for ${arch}`);
  const numbers = Object.values(ALLOWED)
    .map((pair) => pair[column]!)
    .filter((number) => number >= 0);
  const say = (k: number): BpfInstruction => ({ code: RETURN, jt: 0, jf: 0, k });
  const unless = (code: number, k: number): BpfInstruction => ({ code, jt: 0, jf: 1, k });
  return [
    { code: LOAD, jt: 0, jf: 0, k: 4 },
    { code: JUMP_EQUAL, jt: 1, jf: 0, k: AUDIT_ARCH[column]! },
    say(KILL),
    { code: LOAD, jt: 0, jf: 0, k: 0 },
    // x86-64 only: the x32 numbers (bit 30 set) match nothing below.
    ...numbers.flatMap((number) => [unless(JUMP_EQUAL, number), say(ALLOW)]),
    // glibc falls back to clone, whose flags a filter can see.
    unless(JUMP_EQUAL, CLONE3[column]!),
    say(ENOSYS),
    { code: JUMP_EQUAL, jt: 0, jf: 3, k: CLONE[column]! },
    { code: LOAD, jt: 0, jf: 0, k: 16 },
    unless(JUMP_SET, CLONE_THREAD),
    say(ALLOW),
    say(EPERM),
  ];
}
