/**
 * nfnetlink messages for nf_tables: set elements, and the few rules that we place in chains of others. Pure. Changes go
 * out as one batch ({@link batch}), which the kernel takes whole or not at all. Layouts: linux/netfilter/nf_tables.h.
 */
import type { NetlinkMessage, ReceivedMessage } from './netlink-codec.ts';
import {
  asText,
  attribute,
  attributeList,
  attributes,
  be32,
  be64,
  NLM_F_APPEND,
  NLM_F_CREATE,
  NLM_F_DUMP,
  nested,
  text,
} from './netlink-codec.ts';

const SUBSYSTEM = 10;
const MESSAGE = {
  getTable: 1,
  newChain: 3,
  getChain: 4,
  newRule: 6,
  getRule: 7,
  delRule: 8,
  newElement: 12,
  delElement: 14,
} as const;
const BATCH_BEGIN = 16;
const BATCH_END = 17;
const HOOK_FORWARD = 2;
const NF_ACCEPT = 1;
const VERDICT_JUMP = -3;
const REGISTER_VERDICT = 0;
const REGISTER_1 = 1;

/** Address families of tables. */
export const FAMILY = { any: 0, inet: 1, ip: 2, ip6: 10 } as const;

export interface SetRef {
  family: number;
  table: string;
  set: string;
}

/** An element of a set, or with `data` of a map. Both are concatenations whose parts are padded to 4 bytes. */
export interface SetElement {
  key: Buffer;
  data?: Buffer;
}

export interface ChainRef {
  family: number;
  table: string;
  chain: string;
}

/** A base chain on the forward hook. */
export interface ForwardChain extends ChainRef {
  dropsByDefault: boolean;
}

/** A rule, as far as we can tell our own from others. */
export interface Rule {
  handle: Buffer;
  /** Set when the rule is just `iifname X accept` or `oifname X accept` (counters apart). */
  accepts?: { match: 'iifname' | 'oifname'; link: string };
  jumpsTo?: string;
}

function header(family: number): Buffer {
  return Buffer.from([family, 0, 0, 0]);
}

function message(kind: number, flags: number, family: number, ...parts: Buffer[]): NetlinkMessage {
  return { type: (SUBSYSTEM << 8) | kind, flags, body: Buffer.concat([header(family), ...parts]) };
}

/** Wraps changes into one transaction. */
export function batch(changes: readonly NetlinkMessage[]): NetlinkMessage[] {
  const edge = (type: number): NetlinkMessage => ({ type, flags: 0, body: Buffer.from([0, 0, 0, SUBSYSTEM]) });
  return [edge(BATCH_BEGIN), ...changes, edge(BATCH_END)];
}

function elements(ref: SetRef, list: readonly SetElement[]): Buffer[] {
  const encoded = list.map(({ key, data }) =>
    nested(1, nested(1, attribute(1, key)), ...(data ? [nested(2, attribute(1, data))] : [])),
  );
  return [text(1, ref.table), text(2, ref.set), nested(3, ...encoded)];
}

/** Adds elements; one that is there already with the same data is kept, with other data it is EEXIST. */
export function addElements(ref: SetRef, list: readonly SetElement[]): NetlinkMessage {
  return message(MESSAGE.newElement, NLM_F_CREATE, ref.family, ...elements(ref, list));
}

/** Removes elements; an absent one is ENOENT. */
export function removeElements(ref: SetRef, list: readonly SetElement[]): NetlinkMessage {
  return message(MESSAGE.delElement, 0, ref.family, ...elements(ref, list));
}

/** Asks for a table; ENOENT when there is none. */
export function getTable(family: number, table: string): NetlinkMessage {
  return message(MESSAGE.getTable, 0, family, text(1, table));
}

export const dumpChains: NetlinkMessage = message(MESSAGE.getChain, NLM_F_DUMP, FAMILY.any);

/** The chains of a dump, as `table chain` with their family. */
export function decodeChain(reply: ReceivedMessage): ChainRef & { forward?: ForwardChain } {
  const found = attributes(reply.body.subarray(4));
  const ref = { family: reply.body[0] ?? 0, table: asText(found.get(1)), chain: asText(found.get(3)) };
  const hook = found.get(4);
  const isForward = hook !== undefined && attributes(hook).get(1)?.readUInt32BE(0) === HOOK_FORWARD;
  if (!isForward || asText(found.get(7)) !== 'filter') return ref;
  return { ...ref, forward: { ...ref, dropsByDefault: found.get(5)?.readUInt32BE(0) === 0 } };
}

export function dumpRules(ref: ChainRef): NetlinkMessage {
  return message(MESSAGE.getRule, NLM_F_DUMP, ref.family, text(1, ref.table), text(2, ref.chain));
}

/** The rule of a dump's message, or undefined when it is of another chain. */
export function decodeRule(ref: ChainRef, reply: ReceivedMessage): Rule | undefined {
  const found = attributes(reply.body.subarray(4));
  if (asText(found.get(1)) !== ref.table || asText(found.get(2)) !== ref.chain) return undefined;
  const expressions = attributeList(found.get(4) ?? Buffer.alloc(0)).map(({ value }) => {
    const expression = attributes(value);
    return { name: asText(expression.get(1)), data: attributes(expression.get(2) ?? Buffer.alloc(0)) };
  });
  const telling = expressions.filter(({ name }) => name !== 'counter');
  const rule: Rule = { handle: Buffer.from(found.get(3) ?? Buffer.alloc(8)) };
  const last = telling.at(-1);
  const verdict = last?.name === 'immediate' ? decodeVerdict(last.data) : undefined;
  if (telling.length === 1 && verdict?.code === VERDICT_JUMP) rule.jumpsTo = verdict.chain;
  const [meta, compare] = telling;
  if (telling.length !== 3 || verdict?.code !== NF_ACCEPT || meta?.name !== 'meta' || compare?.name !== 'cmp')
    return rule;
  const match = { 6: 'iifname', 7: 'oifname' }[meta.data.get(2)?.readUInt32BE(0) ?? 0] as
    | 'iifname'
    | 'oifname'
    | undefined;
  const isEqual = compare.data.get(2)?.readUInt32BE(0) === 0;
  const value = attributes(compare.data.get(3) ?? Buffer.alloc(0)).get(1);
  if (match && isEqual && value) rule.accepts = { match, link: asText(value) };
  return rule;
}

function decodeVerdict(immediate: Map<number, Buffer>): { code: number; chain: string } | undefined {
  const verdict = attributes(immediate.get(2) ?? Buffer.alloc(0)).get(2);
  if (!verdict) return undefined;
  const found = attributes(verdict);
  return { code: found.get(1)?.readInt32BE(0) ?? 0, chain: asText(found.get(2)) };
}

const expression = (name: string, ...data: Buffer[]): Buffer => nested(1, text(1, name), nested(2, ...data));

/**
 * Puts `iifname|oifname LINK counter accept` at the head of a chain, or behind the rule `after`. Written as iptables-nft
 * writes it, so `iptables-save` prints it back.
 */
export function insertAccept(ref: ChainRef, accept: NonNullable<Rule['accepts']>, after?: Buffer): NetlinkMessage {
  const rule = nested(
    4,
    expression('meta', be32(2, accept.match === 'iifname' ? 6 : 7), be32(1, REGISTER_1)),
    expression('cmp', be32(1, REGISTER_1), be32(2, 0), nested(3, attribute(1, Buffer.from(`${accept.link}\0`)))),
    expression('counter', be64(1, 0n), be64(2, 0n)),
    expression('immediate', be32(1, REGISTER_VERDICT), nested(2, nested(2, be32(1, NF_ACCEPT)))),
  );
  const place = after ? [attribute(6, after)] : [];
  const flags = NLM_F_CREATE | (after ? NLM_F_APPEND : 0);
  return message(MESSAGE.newRule, flags, ref.family, text(1, ref.table), text(2, ref.chain), ...place, rule);
}

export function deleteRule(ref: ChainRef, handle: Buffer): NetlinkMessage {
  return message(MESSAGE.delRule, 0, ref.family, text(1, ref.table), text(2, ref.chain), attribute(3, handle));
}

/** The table that a notification of the group NFNLGRP_NFTABLES is about, and whether only elements changed. */
export function decodeNotice(reply: ReceivedMessage): { table: string; ofElements: boolean } | undefined {
  if (reply.type >> 8 !== SUBSYSTEM) return undefined;
  const kind = reply.type & 0xff;
  if (kind > 14) return undefined;
  const isElement = kind === MESSAGE.newElement || kind === MESSAGE.delElement;
  return { table: asText(attributes(reply.body.subarray(4)).get(1)), ofElements: isElement };
}
