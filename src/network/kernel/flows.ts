import { readFileSync } from 'node:fs';
import { conntrack, failpoint, isErrno, NETLINK_NETFILTER, NetlinkSocket } from '#sys';
import { overlaps, parseCidr } from '../subnet.ts';
import type { FlowFilter } from './protocol.ts';

/** Above this many tracked flows only the translated ones are asked for: the others do no harm to a new owner. */
const MANY = 20_000;
const BATCH = 64;

/** Deletes the tracked flows of addresses that have no owner any more, so that nothing keeps an old target. */
export async function forgetFlows(filter: FlowFilter): Promise<undefined> {
  const count = flowCount();
  if (count === 0) return;
  using socket = new NetlinkSocket(NETLINK_NETFILTER);
  const isGone = predicate(filter);
  let flows: conntrack.Flow[];
  try {
    const question = conntrack.dumpFlows({ onlyTranslated: count > MANY });
    flows = (await socket.askSlowly(question, 'conntrack')).map(conntrack.decodeFlow);
  } catch (error) {
    // A kernel without nf_conntrack_netlink.
    if (isErrno(error, 'EINVAL', 'EOPNOTSUPP', 'EPROTONOSUPPORT')) return;
    throw error;
  }
  const gone = flows.filter(({ source, answerer }) => isGone(source) || isGone(answerer)).map(conntrack.deleteFlow);
  // One that has gone by itself meanwhile answers ENOENT: nothing to say about it.
  for (let at = 0; at < gone.length; at += BATCH) socket.requestAll(gone.slice(at, at + BATCH));
  failpoint('network.flows.forgotten');
}

function predicate(filter: FlowFilter): (address: string) => boolean {
  if ('addresses' in filter) {
    const addresses = new Set(filter.addresses);
    return (address) => addresses.has(address);
  }
  const { subnet } = parseCidr(filter.subnet)!;
  const live = new Set(filter.except);
  return (address) => {
    const host = parseCidr(`${address}/32`)?.subnet;
    return host !== undefined && overlaps(host, subnet) && !live.has(address);
  };
}

/** How many flows this namespace tracks; 0 where nothing does. */
function flowCount(): number {
  try {
    return Number(readFileSync('/proc/sys/net/netfilter/nf_conntrack_count', 'latin1'));
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return 0;
    throw error;
  }
}
