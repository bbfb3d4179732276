import { call, declare } from './libc.ts';

const statfsCall = declare('int statfs(const char *path, void *facts)');
/** Of `f_flags` in the kernel's struct on 64-bit machines; the struct is 120 bytes long. */
const FLAGS_AT = 80;
const BYTES = 120;

const NAMES = ['ro', 'nosuid', 'nodev', 'noexec'] as const;
export type MountFlag = (typeof NAMES)[number];

/** The restrictions of the mount that a path is on (statfs(2)). */
export function mountFlags(path: string): MountFlag[] {
  const facts = Buffer.alloc(BYTES);
  call('statfs', statfsCall, [path, facts], path);
  const flags = facts.readUInt32LE(FLAGS_AT);
  return NAMES.filter((_, bit) => flags & (1 << bit));
}
