import type { Platform } from '#oci';
import { formatPlatform, normalisePlatform } from '#oci';
import { platformOf } from '../plan/names.ts';

/** `linux/amd64->arm64`: where a step runs, and what it says by its variables that it works for. */
export function titlePlatform(runs: Platform, env: ReadonlyMap<string, string>): string {
  const worksFor = targetOf(env);
  if (!worksFor) return formatPlatform(runs);
  const { os = runs.os, architecture = runs.architecture, variant } = worksFor;
  const target = normalisePlatform({ os, architecture, variant });
  if (target.os !== runs.os) return `${formatPlatform(runs)}->${formatPlatform(target)}`;
  if (target.architecture === runs.architecture) return formatPlatform(runs);
  return `${formatPlatform(runs)}->${[target.architecture, target.variant].filter(Boolean).join('/')}`;
}

function targetOf(env: ReadonlyMap<string, string>): Partial<Platform> | undefined {
  const whole = platformOf(env.get('TARGETPLATFORM') ?? '');
  if (whole) return whole;
  const parts = { os: env.get('TARGETOS'), architecture: env.get('TARGETARCH'), variant: env.get('TARGETVARIANT') };
  const given = Object.entries(parts).filter(([, value]) => value);
  return given.length > 0 ? Object.fromEntries(given) : undefined;
}
