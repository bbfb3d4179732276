import type { AttachRequest } from './protocol.ts';
import { readSysctl } from './sysctl.ts';

/**
 * Where br_netfilter hands bridged frames to the firewall, a port of the host that leads back to this bridge is translated
 * before routing: such frames may leave by the port they came from, and rules keep neighbours apart. Elsewhere isolated
 * ports do.
 */
export function portOf({ apart }: Pick<AttachRequest, 'apart'>): { hairpin: boolean; isolated: boolean } {
  const isFiltered = readSysctl('bridge/bridge-nf-call-iptables') === '1';
  return { hairpin: isFiltered, isolated: apart && !isFiltered };
}
