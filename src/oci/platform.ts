import { arch } from 'node:os';
import { invalid } from '#errdefs';

/** What an image runs on, in Go's words. */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
}

const ARCHITECTURES: Readonly<Record<string, string>> = {
  x86_64: 'amd64',
  'x86-64': 'amd64',
  x64: 'amd64',
  aarch64: 'arm64',
  i386: '386',
  armhf: 'arm',
  armel: 'arm',
};
const PART = /^[A-Za-z0-9_.-]+$/;
/** A system with its version in brackets, which says nothing on Linux (containerd platforms). */
const SYSTEM = /^([A-Za-z0-9_-]+)(?:\(([A-Za-z0-9_.%-]*)((?:\+[A-Za-z0-9_.%-]+)*)\))?$/;
const SYSTEMS: ReadonlySet<string> = new Set([
  ...['aix', 'android', 'darwin', 'dragonfly', 'freebsd', 'hurd', 'illumos', 'ios', 'js', 'linux', 'nacl', 'netbsd'],
  ...['openbsd', 'plan9', 'solaris', 'windows', 'zos'],
]);

/** This machine's platform. */
export function hostPlatform(architecture: string = arch()): Platform {
  return { os: 'linux', architecture: ARCHITECTURES[architecture] ?? architecture };
}

/** Parses `os/arch[/variant]`, or one of os and arch alone, the rest being the host's. Docker's messages. */
export function parsePlatform(text: string, host: Platform = hostPlatform()): Platform {
  if (text.includes('*')) throw invalid(`"${text}": wildcards not yet supported: invalid argument`);
  const [system = '', ...rest] = text.split('/');
  const [, name] = SYSTEM.exec(system) ?? [];
  if (name === undefined) {
    throw invalid(
      `"${system}" is an invalid OS component of "${text}": OSAndVersion specifier component must match ${goQuoted(SYSTEM)}: invalid argument`,
    );
  }
  const bad = rest.find((part) => !PART.test(part));
  if (bad !== undefined) {
    throw invalid(
      `"${bad}" is an invalid component of "${text}": platform specifier component must match ${goQuoted(PART)}: invalid argument`,
    );
  }
  if (rest.length > 2) throw invalid(`"${text}": cannot parse platform specifier: invalid argument`);
  const os = name.toLowerCase() === 'macos' ? 'darwin' : name.toLowerCase();
  const [first, variant] = rest.map((part) => part.toLowerCase());
  if (first !== undefined) return normalisePlatform({ os, architecture: first, variant });
  if (SYSTEMS.has(os)) return { ...host, os };
  const architecture = ARCHITECTURES[os] ?? os;
  if (['amd64', 'arm64', 'arm', '386', 'ppc64le', 's390x', 'riscv64'].includes(architecture)) {
    return { os: host.os, architecture };
  }
  throw invalid(`"${text}": unknown operating system or architecture: invalid argument`);
}

function goQuoted(pattern: RegExp): string {
  return JSON.stringify(pattern.source);
}

/** The same platform in its usual spelling: `x86_64` is `amd64`, arm64's `v8` goes without saying. */
export function normalisePlatform(platform: {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string | undefined;
}): Platform {
  const architecture = ARCHITECTURES[platform.architecture] ?? platform.architecture;
  const implied = architecture === 'arm64' && (platform.variant === 'v8' || platform.variant === '8');
  const variant = implied ? undefined : platform.variant || undefined;
  return { os: platform.os, architecture, ...(variant !== undefined && { variant }) };
}

/** Whether an image of platform `image` is what `wanted` asks for; a variant counts only when both name one. */
export function platformMatches(wanted: Platform, image: Platform): boolean {
  const a = normalisePlatform(wanted);
  const b = normalisePlatform(image);
  if (a.os !== b.os || a.architecture !== b.architecture) return false;
  return a.variant === undefined || b.variant === undefined || a.variant === b.variant;
}

/** `linux/arm/v7`. */
export function formatPlatform({ os, architecture, variant }: Platform): string {
  return [os, architecture, variant].filter(Boolean).join('/');
}
