import { readSync } from 'node:fs';
import koffi from 'koffi';
import { call, closeFd, declare } from './libc.ts';
import { recentSyscallNumber } from './syscall-numbers.ts';
import { SystemError } from './system-error.ts';

/** A filter in the terms of an OCI profile whose conditions are already decided. */
export interface SeccompFilter {
  readonly defaultAction: string;
  readonly defaultErrnoRet?: number;
  /** `SCMP_ARCH_X86_64` …; the native one is always in. */
  readonly architectures?: readonly string[];
  readonly syscalls?: readonly SeccompRule[];
}

export interface SeccompRule {
  readonly names: readonly string[];
  readonly action: string;
  readonly errnoRet?: number;
  readonly args?: readonly { index: number; value: number; valueTwo?: number; op: string }[];
}

interface Library {
  readonly init: (action: number) => unknown;
  readonly release: (context: unknown) => void;
  readonly archAdd: (context: unknown, token: number) => number;
  readonly archRemove: (context: unknown, token: number) => number;
  readonly archNative: () => number;
  readonly archByName: (name: string) => number;
  readonly syscallByName: (token: number, name: string) => number;
  readonly ruleAdd: (context: unknown, action: number, syscall: number, count: number, args: unknown) => number;
  readonly merge: (into: unknown, from: unknown) => number;
  readonly attrSet: (context: unknown, attribute: number, value: number) => number;
  readonly exportBpf: (context: unknown, fd: number) => number;
}

/** What libseccomp answers for names it does not know (__NR_SCMP_ERROR). */
const UNKNOWN = -1;
const EPERM = 1;
const ENOSYS = 38;
const ACTIONS: Readonly<Record<string, number>> = {
  SCMP_ACT_KILL: 0,
  SCMP_ACT_KILL_THREAD: 0,
  SCMP_ACT_KILL_PROCESS: 0x80000000,
  SCMP_ACT_TRAP: 0x00030000,
  SCMP_ACT_ERRNO: 0x00050000,
  SCMP_ACT_TRACE: 0x7ff00000,
  SCMP_ACT_LOG: 0x7ffc0000,
  SCMP_ACT_ALLOW: 0x7fff0000,
};
const OPERATORS = ['', 'NE', 'LT', 'LE', 'EQ', 'GE', 'GT', 'MASKED_EQ'].map((name) => `SCMP_CMP_${name}`);
/** SCMP_FLTATR_CTL_OPTIMIZE = 2: a binary tree, so that a call costs few comparisons. */
const OPTIMIZE = { attribute: 8, tree: 2 };

let library: Library | undefined;
const memfdCreate = declare('int memfd_create(const char *name, unsigned int flags)');

/**
 * Compiles a filter to raw BPF with libseccomp. System calls newer than all that the filter names fail with ENOSYS, as on
 * a kernel that does not have them, so that libraries fall back. Throws when the library or a name in it is missing.
 */
export function compileSeccomp(filter: SeccompFilter): Buffer {
  library ??= load();
  const lib = library;
  const native = lib.archNative();
  const others = (filter.architectures ?? []).map((name) => archToken(lib, name)).filter((token) => token !== native);
  const fallback = action(filter.defaultAction, filter.defaultErrnoRet);
  const context = lib.init(fallback);
  try {
    check('seccomp_attr_set', lib.attrSet(context, OPTIMIZE.attribute, OPTIMIZE.tree));
    const newest = new Map([[native, addRules({ lib, context, token: native, filter })]]);
    if (others.length > 0) newest.set(others[0]!, mergeOthers({ lib, context, others, filter }));
    const body = exported(lib, context);
    return /ALLOW|LOG|TRACE/.test(filter.defaultAction) ? body : Buffer.concat([unknownCalls(newest), body]);
  } finally {
    lib.release(context);
  }
}

/**
 * Rules for other architectures are built apart: libseccomp cannot translate a number it has no name for, which would
 * make it refuse recent calls for the native one too.
 */
function mergeOthers({ lib, context, others, filter }: Job & { others: number[] }): number {
  const second = lib.init(action(filter.defaultAction, filter.defaultErrnoRet));
  for (const token of others) check('seccomp_arch_add', lib.archAdd(second, token));
  check('seccomp_arch_remove', lib.archRemove(second, lib.archNative()));
  check('seccomp_attr_set', lib.attrSet(second, OPTIMIZE.attribute, OPTIMIZE.tree));
  const newest = addRules({ lib, context: second, token: others[0]!, filter });
  check('seccomp_merge', lib.merge(context, second));
  return newest;
}

interface Job {
  readonly lib: Library;
  readonly context: unknown;
  readonly filter: SeccompFilter;
}

/** Adds all rules and returns the highest number that they name on this architecture. */
function addRules({ lib, context, filter, token }: Job & { token: number }): number {
  const fallback = action(filter.defaultAction, filter.defaultErrnoRet);
  let newest = 0;
  for (const rule of filter.syscalls ?? []) {
    const act = action(rule.action, rule.errnoRet);
    for (const name of rule.names) {
      const number = callNumber(lib, token, name);
      if (number < privateFrom(token)) newest = Math.max(newest, number);
      // libseccomp refuses a rule that says what the default says already.
      if (act === fallback) continue;
      // A rule is named by its number on the native architecture; libseccomp translates it for the others.
      const named = token === lib.archNative() ? number : lib.syscallByName(lib.archNative(), name);
      const exists = token === lib.archNative() ? named >= 0 : named !== UNKNOWN;
      if (exists) addRule(lib, context, { act, number: named, args: rule.args ?? [] });
    }
  }
  return newest;
}

/** A call's number; negative when the architecture does not have it, {@link UNKNOWN} when the library does not know it. */
function callNumber(lib: Library, token: number, name: string): number {
  const known = lib.syscallByName(token, name);
  if (known !== UNKNOWN) return known;
  return recentSyscallNumber(ARCHITECTURES.get(token)?.name ?? '', name) ?? UNKNOWN;
}

type Argument = NonNullable<SeccompRule['args']>[number];

function addRule(lib: Library, context: unknown, rule: { act: number; number: number; args: readonly Argument[] }) {
  const { act, number, args } = rule;
  // Two conditions on one argument cannot be both in one rule: each becomes a rule of its own, as in runc and crun.
  const repeated = new Set(args.map(({ index }) => index)).size < args.length;
  for (const group of repeated ? args.map((argument) => [argument]) : [args]) {
    check('seccomp_rule_add', lib.ruleAdd(context, act, number, group.length, group.map(comparison)));
  }
}

function comparison({ index, op, value, valueTwo = 0 }: Argument) {
  const operator = OPERATORS.indexOf(op);
  if (operator < 1) throw new Error(`seccomp: unknown operator ${op}`);
  return { arg: index, op: operator, a: BigInt(value), b: BigInt(valueTwo) };
}

function action(name: string, errno = EPERM): number {
  const value = ACTIONS[name];
  if (value === undefined) throw new Error(`seccomp: unknown action ${name}`);
  return name === 'SCMP_ACT_ERRNO' || name === 'SCMP_ACT_TRACE' ? value | (errno & 0xffff) : value;
}

function archToken(lib: Library, name: string): number {
  const token = lib.archByName(name.replace('SCMP_ARCH_', '').toLowerCase());
  if (token === 0) throw new Error(`seccomp: unknown architecture ${name}`);
  return token;
}

function exported(lib: Library, context: unknown): Buffer {
  const fd = call('memfd_create', memfdCreate, ['seccomp', 0]);
  try {
    check('seccomp_export_bpf', lib.exportBpf(context, fd));
    const chunks = Buffer.alloc(256 * 1024);
    return Buffer.from(chunks.subarray(0, readSync(fd, chunks, 0, chunks.length, 0)));
  } finally {
    closeFd(fd);
  }
}

/** AUDIT_ARCH values (linux/audit.h) and from where on numbers are special: x32's bit, ARM's private calls. */
const ARCHITECTURES = new Map([
  [0xc000003e, { name: 'x86_64', privateFrom: 0x40000000 }],
  [0x40000003, { name: 'x86', privateFrom: 0x40000000 }],
  [0xc00000b7, { name: 'aarch64', privateFrom: 0x40000000 }],
  [0x40000028, { name: 'arm', privateFrom: 0xf0000 }],
]);
const privateFrom = (token: number) => ARCHITECTURES.get(token)?.privateFrom ?? 0x40000000;

const BPF = { load: 0x20, equal: 0x15, atLeast: 0x35, above: 0x25, jump: 0x05, return: 0x06 };
type Instruction = readonly [operation: number, whenTrue: number, whenFalse: number, value: number];

/** BPF in front of the filter: per architecture, `nr > newest` returns ENOSYS; all else goes on to the filter. */
function unknownCalls(newest: ReadonlyMap<number, number>): Buffer {
  const known = [...newest].filter(([token]) => ARCHITECTURES.has(token));
  // Layout: load; four instructions each; a jump over the return; the return; the filter. Jumps count from the next one.
  const exit = 2 + known.length * 4;
  const code: Instruction[] = [[BPF.load, 0, 0, 4]];
  for (const [token, number] of known) {
    const here = code.length;
    code.push(
      [BPF.equal, 0, 3, token],
      [BPF.load, 0, 0, 0],
      [BPF.atLeast, exit + 1 - (here + 3), 0, privateFrom(token)],
      [BPF.above, exit - (here + 4), exit + 1 - (here + 4), number],
    );
  }
  code.push([BPF.jump, 0, 0, 1], [BPF.return, 0, 0, action('SCMP_ACT_ERRNO', ENOSYS)]);
  return known.length === 0 ? Buffer.alloc(0) : encode(code);
}

function encode(code: readonly Instruction[]): Buffer {
  const bytes = Buffer.alloc(code.length * 8);
  for (const [place, [operation, jt, jf, k]] of code.entries()) {
    bytes.writeUInt16LE(operation, place * 8);
    bytes.writeUInt8(jt, place * 8 + 2);
    bytes.writeUInt8(jf, place * 8 + 3);
    bytes.writeUInt32LE(k >>> 0, place * 8 + 4);
  }
  return bytes;
}

function check(name: string, result: number): void {
  if (result < 0) throw new SystemError(name, -result);
}

function load(): Library {
  const lib = koffi.load('libseccomp.so.2');
  koffi.struct('scmp_arg_cmp', { arg: 'unsigned int', op: 'int', a: 'uint64_t', b: 'uint64_t' });
  const f = (prototype: string) => lib.func(prototype) as never;
  return {
    init: f('void *seccomp_init(uint32_t action)'),
    release: f('void seccomp_release(void *context)'),
    archAdd: f('int seccomp_arch_add(void *context, uint32_t token)'),
    archRemove: f('int seccomp_arch_remove(void *context, uint32_t token)'),
    archNative: f('uint32_t seccomp_arch_native()'),
    archByName: f('uint32_t seccomp_arch_resolve_name(const char *name)'),
    syscallByName: f('int seccomp_syscall_resolve_name_arch(uint32_t token, const char *name)'),
    ruleAdd: f(
      'int seccomp_rule_add_array(void *context, uint32_t action, int syscall, unsigned int count, scmp_arg_cmp *args)',
    ),
    merge: f('int seccomp_merge(void *into, void *from)'),
    attrSet: f('int seccomp_attr_set(void *context, int attribute, uint32_t value)'),
    exportBpf: f('int seccomp_export_bpf(void *context, int fd)'),
  };
}
