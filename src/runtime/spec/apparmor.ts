import type { HostConfig } from '#api';
import type { SpecDefaults, SpecHost } from './input.ts';
import { parseSecurityOptions } from './security-options.ts';

/** The profile that a container's processes run under; undefined where the host has no AppArmor. */
export function apparmorProfile(
  { SecurityOpt, Privileged }: Pick<HostConfig, 'SecurityOpt' | 'Privileged'>,
  { host, defaults }: { host: Pick<SpecHost, 'apparmor'>; defaults: Pick<SpecDefaults, 'apparmorProfile'> },
): string | undefined {
  if (!host.apparmor) return undefined;
  const asked = parseSecurityOptions(SecurityOpt ?? []).apparmor;
  return asked || (Privileged ? 'unconfined' : defaults.apparmorProfile);
}
