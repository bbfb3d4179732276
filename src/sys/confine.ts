import koffi from 'koffi';
import { call, declare } from './libc.ts';

const chrootCall = declare('int chroot(const char *path)');
const prctlCall = declare('int prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d)');
const seccompCall = declare('long syscall(long number, unsigned int operation, unsigned int flags, void *program)');

const SYS_SECCOMP: Readonly<Record<string, number>> = { x64: 317, arm64: 277 };
const SECCOMP_SET_MODE_FILTER = 1;
const SECCOMP_FILTER_FLAG_TSYNC = 1;
const PR_SET_NO_NEW_PRIVS = 38;

/** Makes `path` the root and working directory of this whole process, all its threads included (chroot(2)). */
export function chroot(path: string): void {
  process.chdir(path);
  call('chroot', chrootCall, ['.'], path);
}

/** One instruction of a classic BPF program (`struct sock_filter`). */
export interface BpfInstruction {
  readonly code: number;
  readonly jt: number;
  readonly jf: number;
  readonly k: number;
}

/** Adds a seccomp filter to every thread of this process, for good (seccomp(2), TSYNC); sets no_new_privs. */
export function installSeccompFilter(program: readonly BpfInstruction[]): void {
  const code = Buffer.alloc(program.length * 8);
  for (const [i, { code: op, jt, jf, k }] of program.entries()) {
    code.writeUInt16LE(op, i * 8);
    code.writeUInt8(jt, i * 8 + 2);
    code.writeUInt8(jf, i * 8 + 3);
    code.writeUInt32LE(k >>> 0, i * 8 + 4);
  }
  const header = Buffer.alloc(16);
  header.writeUInt16LE(program.length, 0);
  header.writeBigUInt64LE(koffi.address(code), 8);
  call('prctl', prctlCall, [PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0]);
  call('seccomp', seccompCall, [SYS_SECCOMP[process.arch], SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, header]);
}
