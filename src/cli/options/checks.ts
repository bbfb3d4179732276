// What `run` and `create` check while they read a flag, each with Docker's words for what is wrong.

import { goQuote } from '#template/quote';
import { append } from '../flags/read-flag.ts';
import { canonicalIp } from './address.ts';

/** A list whose texts are checked, and perhaps rewritten, one by one. */
export function checkedList(check: (text: string) => string): (text: string, before: unknown) => string[] {
  return (text, before) => append(check(text), before);
}

/** `-a`: which stream. */
export function attachStream(text: string): string {
  const name = text.toLowerCase();
  if (['stdin', 'stdout', 'stderr'].includes(name)) return name;
  throw new Error('valid streams are STDIN, STDOUT and STDERR');
}

/** `--add-host`: `host:ip` or `host=ip`, as the API takes it. */
export function extraHost(text: string): string {
  const at = text.includes('=') ? text.indexOf('=') : text.indexOf(':');
  const host = text.slice(0, Math.max(at, 0));
  if (host === '' || host.includes(':')) throw new Error(`bad format for add-host: ${goQuote(text)}`);
  const address = text.slice(at + 1).replace(/^\[(.+)\]$/, '$1');
  if (address !== 'host-gateway' && canonicalIp(address.trim()) === undefined) {
    throw new Error(`invalid IP address in add-host: ${goQuote(address)}`);
  }
  return `${host}:${address}`;
}

/** `--dns`: an address. */
export function ipAddress(text: string): string {
  const address = canonicalIp(text.trim());
  if (address === undefined) throw new Error(`IP address is not correctly formatted: ${text}`);
  return address;
}

const label = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])';
const domain = new RegExp(`^(${label}(?:\\.${label})*)\\.?\\s*$`);

/** `--dns-search`: a domain, or `.` for none. */
export function searchDomain(text: string): string {
  const value = text.trim();
  if (value === '.') return value;
  const found = /[a-zA-Z]/.test(value) ? domain.exec(value)?.[1] : undefined;
  if (found === undefined || found.length >= 255) throw new Error(`${value} is not a valid domain`);
  return found;
}

/** `-e`: `NAME=value`, or `NAME` taken from our own environment when it is there. */
export function variable(text: string): string {
  const name = text.split('=', 1)[0] ?? '';
  if (name === '') throw new Error(`invalid environment variable: ${text}`);
  const own = process.env[text];
  return text.includes('=') || own === undefined ? text : `${text}=${own}`;
}

/** `-l`. */
export function labelText(text: string): string {
  const key = (text.split('=', 1)[0] ?? '').replace(/^\s+/, '');
  if (key === '') throw new Error(`invalid label '${text}': empty name`);
  if (/\s/.test(key)) throw new Error(`label '${key}' contains whitespaces`);
  return text;
}

/** `--link`. */
export function link(text: string): string {
  if (text === '') throw new Error('empty string specified for links');
  if (text.split(':').length > 2) throw new Error(`bad format for links: ${text}`);
  return text;
}

const kernelSysctls = ['msgmax', 'msgmnb', 'msgmni', 'sem', 'shmall', 'shmmax', 'shmmni', 'shm_rmid_forced'];

/** `--sysctl`: only what has a namespace of its own. */
export function sysctl(text: string, before: unknown): Record<string, string> {
  const at = text.indexOf('=');
  const key = text.slice(0, Math.max(at, 0));
  const allowed = key.startsWith('net.') || key.startsWith('fs.mqueue.');
  if (!allowed && !kernelSysctls.some((name) => key === `kernel.${name}`)) {
    throw new Error(`sysctl '${text}' is not allowed`);
  }
  return { ...(before as Record<string, string>), [key]: text.slice(at + 1) };
}

/** `--device-cgroup-rule`. */
export function deviceRule(text: string): string {
  if (!/^[acb] (\d+|\*):(\d+|\*) [rwm]{1,3}$/.test(text)) throw new Error(`invalid device cgroup format '${text}'`);
  return text;
}
