import { readdirSync, readFileSync } from 'node:fs';
import { isErrno } from '#sys';
import { hostArchitecture } from './spec/detect-host.ts';

const HANDLERS = '/proc/sys/fs/binfmt_misc';

/** What amd64's levels beyond the first add, as the kernel names it. */
const LEVELS = [
  ['v2', 'cx16 lahf_lm popcnt sse4_1 sse4_2 ssse3'],
  ['v3', 'abm avx avx2 bmi1 bmi2 f16c fma movbe xsave'],
  ['v4', 'avx512bw avx512cd avx512dq avx512f avx512vl'],
] as const;

/** Go's names of what programs are made for, by class (32 or 64 bits), byte order and machine of their ELF header. */
const MACHINES: Readonly<Record<string, readonly string[]>> = {
  '2 1 3e': ['linux/amd64'],
  '1 1 3': ['linux/386'],
  '2 1 b7': ['linux/arm64'],
  '1 1 28': ['linux/arm/v7', 'linux/arm/v6'],
  '2 1 f3': ['linux/riscv64'],
  '2 1 15': ['linux/ppc64le'],
  '2 2 16': ['linux/s390x'],
  '2 1 8': ['linux/mips64le'],
  '2 2 8': ['linux/mips64'],
  '2 1 102': ['linux/loong64'],
};

/** The platforms whose programs run in containers of this host, its own first; emulators may come and go. */
export function runnablePlatforms(): string[] {
  const architecture = hostArchitecture();
  const own =
    architecture === 'amd64' ? amd64Platforms(readFileSync('/proc/cpuinfo', 'utf8')) : [`linux/${architecture}`];
  return [...new Set([...own, ...handlers().flatMap(emulatedPlatforms)])];
}

/** By the flags of `/proc/cpuinfo`. */
export function amd64Platforms(cpuinfo: string): string[] {
  const has = new Set(/^flags\s*:(.*)$/m.exec(cpuinfo)?.[1]?.split(' '));
  const missing = LEVELS.findIndex(([, flags]) => flags.split(' ').some((flag) => !has.has(flag)));
  const levels = LEVELS.slice(0, missing === -1 ? LEVELS.length : missing);
  return ['linux/amd64', ...levels.map(([level]) => `linux/amd64/${level}`), 'linux/386'];
}

/** What a handler of binfmt_misc stands for in containers, where its interpreter is only seen if the kernel holds it. */
export function emulatedPlatforms(handler: string): readonly string[] {
  const [state] = handler.split('\n', 1);
  const flags = /^flags: (.*)$/m.exec(handler)?.[1] ?? '';
  const magic = Buffer.from(/^magic ([0-9a-f]+)$/m.exec(handler)?.[1] ?? '', 'hex');
  const isElf = magic.length >= 20 && magic.toString('latin1', 0, 4) === '\x7fELF';
  if (state !== 'enabled' || !flags.includes('F') || !isElf || !/^offset 0$/m.test(handler)) return [];
  const [bits, order] = [magic[4], magic[5]];
  const machine = order === 1 ? magic.readUInt16LE(18) : magic.readUInt16BE(18);
  return MACHINES[`${bits} ${order} ${machine.toString(16)}`] ?? [];
}

function handlers(): string[] {
  try {
    const names = readdirSync(HANDLERS).filter((name) => name !== 'register' && name !== 'status');
    return names.map((name) => readFileSync(`${HANDLERS}/${name}`, 'utf8'));
  } catch (error) {
    // Not mounted, or one has gone meanwhile.
    if (isErrno(error, 'ENOENT')) return [];
    throw error;
  }
}
