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

/** This machine's platform. */
export function hostPlatform(architecture: string = arch()): Platform {
  return { os: 'linux', architecture: ARCHITECTURES[architecture] ?? architecture };
}

/** Parses `os/arch[/variant]`, or one of os and arch alone, the rest being the host's. Docker's messages. */
export function parsePlatform(text: string, host: Platform = hostPlatform()): Platform {
  const parts = text.split('/');
  const bad = parts.find((part) => !PART.test(part));
  if (bad !== undefined) {
    throw invalid(
      `"${text}": "${bad}" is an invalid component of "${text}": platform specifier component must match "^[A-Za-z0-9_.-]+$": invalid argument`,
    );
  }
  if (parts.length > 3) throw invalid(`"${text}": cannot parse platform specifier: invalid argument`);
  const [first, second, variant] = parts.map((part) => part.toLowerCase());
  if (second !== undefined) return normalisePlatform({ os: first!, architecture: second, variant });
  if (['linux', 'windows', 'darwin', 'freebsd'].includes(first!)) return { ...host, os: first! };
  const architecture = ARCHITECTURES[first!] ?? first!;
  if (['amd64', 'arm64', 'arm', '386', 'ppc64le', 's390x', 'riscv64'].includes(architecture)) {
    return { os: host.os, architecture };
  }
  throw invalid(`"${text}": unknown operating system or architecture: invalid argument`);
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
