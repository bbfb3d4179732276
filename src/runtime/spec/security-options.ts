import { internal } from '#errdefs';

export interface SecurityOptions {
  readonly noNewPrivileges: boolean;
  /** As given: '' (engine's default), `builtin`, `unconfined` or a profile's JSON. */
  readonly seccomp: string;
  /** '' when not given. */
  readonly apparmor: string;
  /** undefined: as privileged is. */
  readonly writableCgroups?: boolean;
}

/** Reads `SecurityOpt`; Docker's texts for what it does not know. SELinux labels are taken and have no effect. */
export function parseSecurityOptions(options: readonly string[], noNewPrivileges = false): SecurityOptions {
  const result: { -readonly [K in keyof SecurityOptions]: SecurityOptions[K] } = {
    noNewPrivileges,
    seccomp: '',
    apparmor: '',
  };
  for (const option of options) {
    if (option === 'no-new-privileges') result.noNewPrivileges = true;
    else if (option === 'writable-cgroups') result.writableCgroups = true;
    else if (option !== 'disable') applyPair(result, option);
  }
  return result;
}

// Docker: a bad one is an error 500.
function applyPair(result: { -readonly [K in keyof SecurityOptions]: SecurityOptions[K] }, option: string): void {
  const separator = option.includes('=') ? '=' : ':';
  const at = option.indexOf(separator);
  if (at < 0) throw internal(`invalid --security-opt 1: ${JSON.stringify(option)}`);
  const value = option.slice(at + 1);
  switch (option.slice(0, at)) {
    case 'label':
      return;
    case 'apparmor':
      result.apparmor = value;
      return;
    case 'seccomp':
      result.seccomp = value;
      return;
    case 'no-new-privileges':
      result.noNewPrivileges = flag(value, option);
      return;
    case 'writable-cgroups':
      result.writableCgroups = flag(value, option);
      return;
    default:
      throw internal(`invalid --security-opt 2: ${JSON.stringify(option)}`);
  }
}

/** Go's ParseBool. */
function flag(value: string, option: string): boolean {
  if (/^(1|t|T|TRUE|true|True)$/.test(value)) return true;
  if (/^(0|f|F|FALSE|false|False)$/.test(value)) return false;
  throw internal(`invalid --security-opt 2: ${JSON.stringify(option)}`);
}
