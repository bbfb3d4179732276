import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { arch, release } from 'node:os';
import { detectCgroups, isErrno } from '#sys';
import { capabilitiesOf } from './capabilities.ts';
import type { SpecHost } from './input.ts';

const GO_ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386' };

/** Go's name of this machine's architecture. */
export function hostArchitecture(): string {
  return GO_ARCHITECTURES[arch()] ?? arch();
}

/** Reads what specs depend on from this host, once. */
export function detectSpecHost(): SpecHost {
  const status = readFileSync('/proc/self/status', 'utf8');
  const [version = 0, major = 0] = release().split(/[.-]/).map(Number);
  return {
    cgroup: detectCgroups(),
    capabilities: capabilitiesOf(BigInt(`0x${/^CapBnd:\s*([0-9a-f]+)/m.exec(status)?.[1] ?? '0'}`)),
    architecture: hostArchitecture(),
    kernel: { version, major },
    seccomp: /^Seccomp:/m.test(status),
    apparmor: apparmorParser() !== undefined,
    thermalPaths: thermalPaths(),
  };
}

/** The program that loads profiles; Docker: a host without it is one without AppArmor. */
export function apparmorParser(): string | undefined {
  try {
    if (!readFileSync('/sys/module/apparmor/parameters/enabled', 'utf8').startsWith('Y')) return undefined;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
  return ['/sbin/apparmor_parser', '/usr/sbin/apparmor_parser'].find((path) => existsSync(path));
}

function thermalPaths(): string[] {
  const root = '/sys/devices/system/cpu';
  return readdirSync(root)
    .filter((name) => /^cpu[0-9]+$/.test(name))
    .map((name) => `${root}/${name}/thermal_throttle`)
    .filter((path) => existsSync(path));
}
