import type { ContainerConfig, HostConfig } from '#api';
import type { OciProcess } from '#oci';
import { apparmorProfile } from './apparmor.ts';
import { containerCapabilities } from './capabilities.ts';
import { environment } from './environment.ts';
import type { SpecDefaults, SpecHost } from './input.ts';
import { containerRlimits } from './rlimits.ts';
import { parseSecurityOptions } from './security-options.ts';
import type { Accounts } from './user.ts';
import { resolveUser } from './user.ts';

/** What one exec asks for. */
export interface ExecRequest {
  readonly args: readonly string[];
  /** On top of the container's. */
  readonly env: readonly string[];
  /** '' is the container's. */
  readonly user: string;
  /** '' is the container's. */
  readonly workingDir: string;
  readonly tty: boolean;
  /** All capabilities of the host for this process, and no seccomp change: the container's filter stays. */
  readonly privileged: boolean;
  readonly consoleSize?: readonly [height: number, width: number];
}

export interface ExecProcessInput {
  readonly exec: ExecRequest;
  readonly config: ContainerConfig;
  readonly hostConfig: HostConfig;
  readonly linkEnv?: readonly string[];
  readonly accounts: Accounts;
  readonly defaults: Pick<SpecDefaults, 'ulimits' | 'noNewPrivileges' | 'apparmorProfile'>;
  readonly host: Pick<SpecHost, 'capabilities' | 'apparmor'>;
}

/** The process that `exec --process` takes: the container's user, groups, capabilities and limits unless asked otherwise. */
export function execProcess(input: ExecProcessInput): OciProcess {
  const { exec, config, hostConfig, accounts, defaults, host, linkEnv = [] } = input;
  const security = parseSecurityOptions(hostConfig.SecurityOpt ?? [], defaults.noNewPrivileges);
  const { user, home } = resolveUser(exec.user || config.User, accounts, hostConfig.GroupAdd ?? []);
  const capabilities = exec.privileged ? [...host.capabilities] : containerCapabilities(hostConfig, host.capabilities);
  const [height, width] = exec.consoleSize ?? [0, 0];
  const Privileged = hostConfig.Privileged || exec.privileged;
  const profile = apparmorProfile({ ...hostConfig, Privileged }, input);
  const rlimits = containerRlimits(hostConfig.Ulimits ?? [], defaults.ulimits);
  const env = [...(config.Env ?? []), ...exec.env];
  return {
    ...(exec.tty ? { terminal: true } : {}),
    ...(exec.tty && height > 0 && width > 0 ? { consoleSize: { height, width } } : {}),
    user,
    args: [...exec.args],
    env: environment({ hostname: config.Hostname, tty: exec.tty, home, links: linkEnv, env }),
    cwd: exec.workingDir || config.WorkingDir || '/',
    capabilities: { bounding: capabilities, effective: capabilities, permitted: capabilities },
    ...(rlimits.length > 0 ? { rlimits } : {}),
    ...(security.noNewPrivileges ? { noNewPrivileges: true } : {}),
    ...(profile ? { apparmorProfile: profile } : {}),
    oomScoreAdj: hostConfig.OomScoreAdj,
  };
}
