import { readFileSync } from 'node:fs';
import { call, closeFd, declare } from './libc.ts';
import { isErrno } from './system-error.ts';

const AF_INET = 2;
const SOCK_RAW = 3;
const SOCK_CLOEXEC = 0o2000000;
const IPPROTO_RAW = 255;
const SOL_IP = 0;
const IPT_SO_GET_INFO = 64;
const IPT_SO_GET_ENTRIES = 65;
const FORWARD = 2;
/** Offsets in struct ipt_entry (linux/netfilter_ipv4/ip_tables.h). */
const ENTRY = { in: 16, out: 32, targetOffset: 88, nextOffset: 90, elements: 112 } as const;
const VERDICT = { accept: -2, drop: -1 } as const;
const VERDICT_OFFSET = 32;

const socket = declare('int socket(int domain, int type, int protocol)');
const getsockopt = declare('int getsockopt(int fd, int level, int name, void *value, void *length)');

/** A rule of a legacy chain that has no matches and accepts. */
export interface LegacyAccept {
  in: string;
  out: string;
}

/** The FORWARD chain of iptables-legacy's filter table, as far as it matters to us. */
export interface LegacyForward {
  accepts: LegacyAccept[];
  /** How many other rules there are. */
  others: number;
  dropsByDefault: boolean;
}

/**
 * The FORWARD chain of iptables-legacy's filter table; undefined when that table is not in use in this network namespace. Starts no process.
 */
export function legacyForward(): LegacyForward | undefined {
  if (!tables().includes('filter')) return undefined;
  const fd = call('socket', socket, [AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW]);
  try {
    const info = option(fd, IPT_SO_GET_INFO, 84);
    const start = info.readUInt32LE(36 + 4 * FORWARD);
    const policy = info.readUInt32LE(56 + 4 * FORWARD);
    const size = info.readUInt32LE(80);
    return decodeChain(option(fd, IPT_SO_GET_ENTRIES, 40 + size, size).subarray(40), start, policy);
  } finally {
    closeFd(fd);
  }
}

function tables(): string[] {
  try {
    return readFileSync('/proc/thread-self/net/ip_tables_names', 'utf8').split('\n');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return [];
    throw error;
  }
}

function option(fd: number, name: number, size: number, entries?: number): Buffer {
  const value = Buffer.alloc(size);
  value.write('filter\0');
  if (entries !== undefined) value.writeUInt32LE(entries, 32);
  call('getsockopt', getsockopt, [fd, SOL_IP, name, value, new Uint32Array([size])], 'filter');
  return value;
}

function decodeChain(entries: Buffer, start: number, policy: number): LegacyForward {
  const accepts: LegacyAccept[] = [];
  let others = 0;
  for (let at = start; at < policy; at += entries.readUInt16LE(at + ENTRY.nextOffset)) {
    const entry = entries.subarray(at);
    const name = (offset: number) => entry.toString('latin1', offset, offset + 16).replace(/\0.*/s, '');
    const target = entry.readUInt16LE(ENTRY.targetOffset);
    // A standard target has an empty name and holds the verdict; matches would stand between the entry and it.
    const isPlain = target === ENTRY.elements && entry[target + 2] === 0 && entry.subarray(0, 16).every((b) => b === 0);
    if (isPlain && entry.readInt32LE(target + VERDICT_OFFSET) === VERDICT.accept) {
      accepts.push({ in: name(ENTRY.in), out: name(ENTRY.out) });
    } else others++;
  }
  const verdict = entries.readInt32LE(policy + entries.readUInt16LE(policy + ENTRY.targetOffset) + VERDICT_OFFSET);
  return { accepts, others, dropsByDefault: verdict === VERDICT.drop };
}
