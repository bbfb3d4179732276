/**
 * ctnetlink messages: finding and deleting entries of the connection tracking table, IPv4. Pure. The table has no index
 * by address, so every question makes the kernel walk all of it (10 ms for an empty one): to be asked seldom.
 */
import type { NetlinkMessage, ReceivedMessage } from './netlink-codec.ts';
import { attribute, attributes, be32, NLM_F_DUMP, nested } from './netlink-codec.ts';
import { ipv4Text } from './netlink-route.ts';

const SUBSYSTEM = 1;
const GET = 1;
const DELETE = 2;
const AF_INET = 2;
const CTA = { original: 1, reply: 2, status: 3, zone: 18, statusMask: 26 } as const;
const IPS_DST_NAT = 1 << 5;
const HEADER = Buffer.from([AF_INET, 0, 0, 0]);

/** A tracked flow: who began it and who answers it; `message` is for {@link deleteFlow}. */
export interface Flow {
  source: string;
  answerer: string;
  message: ReceivedMessage;
}

/** Asks for all flows, or for those alone whose target was changed (kernels before 6.0 answer with all). */
export function dumpFlows({ onlyTranslated }: { onlyTranslated: boolean }): NetlinkMessage {
  const filter = onlyTranslated ? [be32(CTA.status, IPS_DST_NAT), be32(CTA.statusMask, IPS_DST_NAT)] : [];
  return { type: (SUBSYSTEM << 8) | GET, flags: NLM_F_DUMP, body: Buffer.concat([HEADER, ...filter]) };
}

export function decodeFlow(message: ReceivedMessage): Flow {
  const found = attributes(message.body.subarray(4));
  return { source: sourceOf(found.get(CTA.original)), answerer: sourceOf(found.get(CTA.reply)), message };
}

function sourceOf(tuple: Buffer | undefined): string {
  const addresses = tuple && attributes(tuple).get(1);
  const source = addresses && attributes(addresses).get(1);
  return source?.length === 4 ? ipv4Text(source) : '';
}

/** Deletes a flow, named by its original direction. */
export function deleteFlow({ message }: Flow): NetlinkMessage {
  const found = attributes(message.body.subarray(4));
  const zone = found.get(CTA.zone);
  const parts = [nested(CTA.original, found.get(CTA.original)!), ...(zone ? [attribute(CTA.zone, zone)] : [])];
  return { type: (SUBSYSTEM << 8) | DELETE, flags: 0, body: Buffer.concat([HEADER, ...parts]) };
}
