import { internal } from '#errdefs';
import type { OciSeccomp } from '#oci';
import type { SpecInput } from '../spec/input.ts';
import { DEFAULT_PROFILE } from './default-profile.ts';
import { parseProfile } from './profile.ts';
import type { SeccompTarget } from './resolve.ts';
import { resolveProfile } from './resolve.ts';

/** crun: the raw filter instead of the profile; saves compiling it at each start (10 ms with crun 1.8). */
const FILTER_ANNOTATION = 'run.oci.seccomp_bpf_data';

/** The container's profile (none: unconfined), and the compiled filter for runtimes that take it. */
export function specSeccomp(
  input: Pick<SpecInput, 'hostConfig' | 'defaults' | 'host' | 'runtime' | 'compileSeccomp'>,
  option: string,
  capabilities: readonly string[],
): { profile?: OciSeccomp; annotations: Record<string, string> } {
  const { architecture, kernel } = input.host;
  const profile = select(input, option, { architecture, kernel, capabilities });
  if (!profile) return { annotations: {} };
  // A listener needs its descriptor from libseccomp's own load, and flags go with the profile alone.
  const takesFilter = input.runtime.name === 'crun' && !profile.listenerPath && !profile.flags?.length;
  const filter = takesFilter ? input.compileSeccomp(profile) : undefined;
  return { profile, annotations: filter === undefined ? {} : { [FILTER_ANNOTATION]: filter } };
}

function select(
  { hostConfig, defaults, host }: Pick<SpecInput, 'hostConfig' | 'defaults' | 'host'>,
  option: string,
  target: SeccompTarget,
): OciSeccomp | undefined {
  if (option === 'unconfined' || (hostConfig.Privileged && option === '')) return undefined;
  if (!host.seccomp) {
    if (option === '' || option === 'builtin') return undefined;
    throw internal('seccomp is not enabled in your kernel, cannot run a custom seccomp profile');
  }
  const chosen = option || defaults.seccompProfile || 'builtin';
  if (chosen === 'unconfined') return undefined;
  return chosen === 'builtin' ? builtin(target) : resolveProfile(parseProfile(chosen), target);
}

const builtins = new Map<string, OciSeccomp>();

/** One value per set of capabilities, so that its compiled filter is found by identity. */
function builtin(target: SeccompTarget): OciSeccomp {
  const key = JSON.stringify(target);
  const known = builtins.get(key);
  if (known) return known;
  const profile = resolveProfile(DEFAULT_PROFILE, target)!;
  // Bounded: each distinct list of capabilities a user asks for would stay for ever otherwise.
  if (builtins.size >= 64) builtins.clear();
  builtins.set(key, profile);
  return profile;
}
