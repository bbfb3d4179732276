import { internal } from '#errdefs';
import type { OciSyscallArgument } from '#oci';
import { syntaxError } from '#schema';

/** A seccomp profile in Docker's format: OCI's, with groups that apply under conditions. */
export interface SeccompProfile {
  readonly defaultAction: string;
  readonly defaultErrnoRet?: number;
  readonly architectures?: readonly string[];
  readonly archMap?: readonly { readonly architecture: string; readonly subArchitectures: readonly string[] | null }[];
  readonly flags?: readonly string[];
  readonly listenerPath?: string;
  readonly listenerMetadata?: string;
  readonly syscalls: readonly SyscallGroup[];
}

export interface SyscallGroup {
  readonly names: readonly string[];
  readonly action: string;
  readonly errnoRet?: number;
  readonly args?: readonly OciSyscallArgument[];
  /** All of these must hold. */
  readonly includes?: Conditions;
  /** None of these may hold. */
  readonly excludes?: Conditions;
}

export interface Conditions {
  readonly caps?: readonly string[];
  /** Go's names of architectures (`amd64`, `arm64`), and libseccomp's for 32-bit ones. */
  readonly arches?: readonly string[];
  /** `<version>.<major>`. */
  readonly minKernel?: string;
}

/** Reads a profile given as JSON (`--security-opt seccomp=…`); its errors are Docker's at start. */
export function parseProfile(text: string): SeccompProfile {
  let raw: Record<string, unknown>;
  try {
    raw = JSON.parse(text);
  } catch (error) {
    throw failed(syntaxError(text), error);
  }
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) throw failed('expected an object');
  const list = raw.syscalls ?? [];
  if (!Array.isArray(list)) throw failed('syscalls: expected an array');
  const profile = {
    ...raw,
    defaultAction: raw.defaultAction ?? '',
    syscalls: list.map(parseGroup),
  } as unknown as SeccompProfile;
  if (profile.architectures?.length && profile.archMap?.length) {
    throw internal(
      "both 'architectures' and 'archMap' are specified in the seccomp profile, use either 'architectures' or 'archMap'",
    );
  }
  for (const list of [profile.architectures, profile.archMap, profile.flags]) {
    if (list !== undefined && list !== null && !Array.isArray(list)) throw failed('expected an array');
  }
  return profile;
}

const failed = (why: string, cause?: unknown) => internal(`Decoding seccomp profile failed: ${why}`, cause);

function parseGroup(raw: unknown): SyscallGroup {
  if (typeof raw !== 'object' || raw === null) throw failed('syscalls: expected objects');
  const { name, names, ...rest } = raw as SyscallGroup & { name?: string };
  if (name && names?.length) {
    throw internal("both 'name' and 'names' are specified in the seccomp profile, use either 'name' or 'names'");
  }
  const all = name ? [name] : (names ?? []);
  if (!Array.isArray(all) || !all.every((entry) => typeof entry === 'string')) throw failed('names: expected strings');
  if (typeof rest.action !== 'string') throw failed('action: expected a string');
  for (const conditions of [rest.includes, rest.excludes]) checkKernel(conditions?.minKernel);
  return { ...rest, names: all };
}

function checkKernel(version: unknown): void {
  if (version === undefined || version === '') return;
  if (typeof version === 'string' && /^[0-9]{1,3}\.[0-9]{1,3}$/.test(version) && version !== '0.0') return;
  throw failed(`invalid kernel version: ${JSON.stringify(version)}, expected "<kernel>.<major>"`);
}
