/**
 * ctnetlink messages: finding and deleting entries of the connection tracking table, IPv4. Pure. The kernel filters the
 * dump (CTA_FILTER, Linux ≥ 5.8), so the cost does not grow with what others have open.
 */

import type { NetlinkMessage, ReceivedMessage } from './netlink-codec.ts';
import { attribute, attributes, NLM_F_DUMP, nested, u8, u32 } from './netlink-codec.ts';
import { ipv4Bytes } from './netlink-route.ts';

const SUBSYSTEM = 1;
const GET = 1;
const DELETE = 2;
const AF_INET = 2;
const CTA = { original: 1, reply: 2, zone: 18, filter: 25 } as const;
const FLAG = { source: 1, protocol: 8, destinationPort: 32 } as const;

/** Which flows: those that an address answers (`replySource`), or those sent to a port of this host. */
export type FlowFilter = { replySource: string } | { protocol: 'tcp' | 'udp'; port: number };

const PROTOCOL = { tcp: 6, udp: 17 } as const;

/** Asks for the flows that match; each answer goes to {@link deleteFlow}. */
export function dumpFlows(filter: FlowFilter): NetlinkMessage {
  const parts =
    'replySource' in filter
      ? [
          nested(CTA.reply, nested(1, attribute(1, ipv4Bytes(filter.replySource)))),
          nested(CTA.filter, u32(1, 0), u32(2, FLAG.source)),
        ]
      : [
          nested(CTA.original, nested(2, u8(1, PROTOCOL[filter.protocol]), attribute(3, portBytes(filter.port)))),
          nested(CTA.filter, u32(1, FLAG.protocol | FLAG.destinationPort), u32(2, 0)),
        ];
  return {
    type: (SUBSYSTEM << 8) | GET,
    flags: NLM_F_DUMP,
    body: Buffer.concat([Buffer.from([AF_INET, 0, 0, 0]), ...parts]),
  };
}

/** Deletes the flow of a dump's answer, by its original direction. */
export function deleteFlow(reply: ReceivedMessage): NetlinkMessage | undefined {
  const found = attributes(reply.body.subarray(4));
  const original = found.get(CTA.original);
  if (!original) return undefined;
  const zone = found.get(CTA.zone);
  const parts = [nested(CTA.original, Buffer.from(original)), ...(zone ? [attribute(CTA.zone, zone)] : [])];
  return {
    type: (SUBSYSTEM << 8) | DELETE,
    flags: 0,
    body: Buffer.concat([Buffer.from([AF_INET, 0, 0, 0]), ...parts]),
  };
}

function portBytes(port: number): Buffer {
  return Buffer.from([port >> 8, port & 0xff]);
}
