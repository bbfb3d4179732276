/** A key of Docker's that this engine has no use for. One that says nothing (`false`, `""`, 0, empty) is let through. */
export interface RefusedKey {
  /** The flag's name where it differs from the key's; null when there is none. */
  readonly flag?: string | null;
  readonly short?: string;
  readonly isSwitch?: boolean;
  readonly reason: string;
}

const NO_SWARM = 'there is no swarm mode';
const NOT_YET = 'it is not supported yet';

export const REFUSED: Readonly<Record<string, RefusedKey>> = {
  'allow-direct-routing': { isSwitch: true, reason: 'container addresses are reached through published ports only' },
  'api-cors-header': { reason: 'Docker 28 removed it; use a reverse proxy if you need CORS headers' },
  builder: { flag: null, reason: 'the build cache keeps within shares of the disk by itself' },
  'cpu-rt-period': { reason: NOT_YET },
  'cpu-rt-runtime': { reason: NOT_YET },
  'cri-containerd': { isSwitch: true, reason: 'there is no containerd: this engine does its work itself' },
  'default-init': { flag: null, reason: 'see init-path' },
  'deprecated-key-path': { flag: null, reason: 'image format 1 has no signing keys here' },
  ip6tables: { isSwitch: true, reason: 'see iptables, which stands for both families' },
  'ip-forward-no-drop': {
    isSwitch: true,
    reason: 'transit traffic is dropped where this engine switched forwarding on',
  },
  'network-control-plane-mtu': { reason: NO_SWARM },
  'network-diagnostic-port': { reason: NO_SWARM },
  'resolv-conf': { flag: null, reason: 'the resolvers are those of /etc/resolv.conf; see dns' },
  restart: { short: 'r', isSwitch: true, reason: 'containers have restart policies of their own' },
  rootless: { isSwitch: true, reason: 'the daemon runs as root' },
  'selinux-enabled': { isSwitch: true, reason: 'SELinux labels are not supported yet' },
  'swarm-raft-election-tick': { flag: null, reason: NO_SWARM },
  'swarm-raft-heartbeat-tick': { flag: null, reason: NO_SWARM },
  'userland-proxy-path': { reason: 'the monitor relays what NAT cannot reach; there is no proxy program' },
};

/** The refused key that this flag sets, with its name. */
export function refusedFlag(flag: string): (RefusedKey & { readonly name: string }) | undefined {
  const found = Object.entries(REFUSED).find(([name, key]) => {
    const long = key.flag === null ? undefined : (key.flag ?? name);
    return flag === `--${long}` || (key.short !== undefined && flag === `-${key.short}`);
  });
  return found && { ...found[1], name: found[0] };
}

/** Why this value of the key is refused; undefined when it says nothing. */
export function refusal(name: string, value: unknown): string | undefined {
  const isEmpty = (of: unknown): boolean =>
    of === false || of === '' || of === 0 || of === null || (typeof of === 'object' && Object.keys(of).length === 0);
  // Docker's own default is on, and ours is what iptables says.
  if (isEmpty(value) || name === 'ip6tables') return undefined;
  return `"${name}" is refused: ${REFUSED[name]!.reason}`;
}
