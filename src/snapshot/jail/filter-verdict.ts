import { jailFilter } from './syscalls.ts';

/** How the kernel names them. */
export const ARCH = { x64: 0xc000003e, arm64: 0xc00000b7 };

/** Runs a jail's filter as the kernel does: what becomes of a system call. For tests. */
export function verdict(arch: 'x64' | 'arm64', number: number, argument = 0, audit: number = ARCH[arch]): number {
  const data: Record<number, number> = { 0: number, 4: audit, 16: argument };
  const program = jailFilter(arch);
  let accumulator = 0;
  for (let at = 0; ; at++) {
    const { code, jt, jf, k } = program[at]!;
    if (code === 0x20) accumulator = data[k]!;
    else if (code === 0x15) at += accumulator === k ? jt : jf;
    else if (code === 0x45) at += (accumulator & k) !== 0 ? jt : jf;
    else if (code === 0x06) return k;
    else throw new Error(`code ${code}`);
  }
}
