import type { OciSeccomp, OciSyscallRule } from '#oci';
import type { Conditions, SeccompProfile } from './profile.ts';

/** What a profile's conditions are judged by. */
export interface SeccompTarget {
  /** Go's name: `amd64`, `arm64`. */
  readonly architecture: string;
  readonly kernel: { readonly version: number; readonly major: number };
  /** The container's bounding set, with the `CAP_` prefix. */
  readonly capabilities: readonly string[];
}

const NATIVE: Readonly<Record<string, string>> = {
  amd64: 'SCMP_ARCH_X86_64',
  arm64: 'SCMP_ARCH_AARCH64',
  riscv64: 'SCMP_ARCH_RISCV64',
  ppc64le: 'SCMP_ARCH_PPC64LE',
  s390x: 'SCMP_ARCH_S390X',
};

/** Applies a profile's conditions; undefined when the profile says nothing at all, which turns seccomp off. */
export function resolveProfile(profile: SeccompProfile, target: SeccompTarget): OciSeccomp | undefined {
  if (profile.defaultAction === '' && profile.syscalls.length === 0) return undefined;
  const { defaultAction, defaultErrnoRet, flags, listenerPath, listenerMetadata } = profile;
  const architectures = [...(profile.architectures ?? []), ...mapped(profile, target)];
  return {
    defaultAction,
    ...(defaultErrnoRet === undefined ? {} : { defaultErrnoRet }),
    ...(architectures.length > 0 ? { architectures } : {}),
    ...(flags ? { flags: [...flags] } : {}),
    ...(listenerPath ? { listenerPath } : {}),
    ...(listenerMetadata ? { listenerMetadata } : {}),
    syscalls: rules(profile, target),
  };
}

function mapped({ archMap }: SeccompProfile, { architecture }: SeccompTarget): string[] {
  const entry = archMap?.find((candidate) => candidate.architecture === NATIVE[architecture]);
  return entry ? [entry.architecture, ...(entry.subArchitectures ?? [])] : [];
}

function rules({ syscalls }: SeccompProfile, target: SeccompTarget): OciSyscallRule[] {
  return syscalls
    .filter(({ includes, excludes }) => holdsAll(includes, target) && !holdsAny(excludes, target))
    .map(({ names, action, errnoRet, args }) => ({
      names: [...names],
      action,
      ...(errnoRet === undefined ? {} : { errnoRet }),
      ...(args?.length ? { args: [...args] } : {}),
    }));
}

function holdsAll(conditions: Conditions | undefined | null, target: SeccompTarget): boolean {
  if (!conditions) return true;
  const { arches, caps, minKernel } = conditions;
  if (arches?.length && !arches.includes(target.architecture)) return false;
  if (caps?.some((capability) => !target.capabilities.includes(capability))) return false;
  return !minKernel || atLeast(target.kernel, minKernel);
}

function holdsAny(conditions: Conditions | undefined | null, target: SeccompTarget): boolean {
  if (!conditions) return false;
  const { arches, caps, minKernel } = conditions;
  if (arches?.includes(target.architecture)) return true;
  if (caps?.some((capability) => target.capabilities.includes(capability))) return true;
  return minKernel ? atLeast(target.kernel, minKernel) : false;
}

function atLeast(kernel: SeccompTarget['kernel'], minimum: string): boolean {
  const [version = 0, major = 0] = minimum.split('.').map(Number);
  return kernel.version > version || (kernel.version === version && kernel.major >= major);
}
