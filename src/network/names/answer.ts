import type { Answer, Packet, Question } from 'dns-packet';
import { decode, encode, RECURSION_AVAILABLE, RECURSION_DESIRED, TRUNCATED_RESPONSE } from 'dns-packet';
import { formatIpv6 } from '../subnet6.ts';
import type { Named } from './zones.ts';

const TTL_SECONDS = 600;
const SMALLEST_UDP = 512;
const HEADER = 12;

/** What a sandbox knows of itself. */
export interface Knowledge {
  lookUp(name: string): readonly Named[] | undefined;
  reverse(address: string): string | undefined;
}

export interface Query {
  readonly id: number;
  readonly flags: number;
  readonly question: Question;
  /** Bytes that the asker takes in a datagram. */
  readonly udpSize: number;
}

/** Reads a question; undefined for what is none, or not one alone. */
export function parseQuery(bytes: Buffer): Query | undefined {
  try {
    const {
      id = 0,
      flags = 0,
      type,
      opcode,
      questions = [],
      additionals = [],
    } = decode(bytes) as Packet & {
      opcode?: string;
    };
    const [question, ...more] = questions;
    if (type !== 'query' || opcode !== 'QUERY' || !question || more.length > 0) return undefined;
    const edns = additionals.find((record) => record.type === 'OPT') as { udpPayloadSize?: number } | undefined;
    return { id, flags, question, udpSize: Math.max(SMALLEST_UDP, edns?.udpPayloadSize ?? 0) };
  } catch {
    return undefined;
  }
}

/** The answer from what the sandbox knows; undefined: somebody else has to be asked. */
export function answerOf(query: Query, known: Knowledge): Buffer | undefined {
  const { question } = query;
  if (question.class !== 'IN' && question.class !== 'ANY') return undefined;
  if (question.type === 'PTR') {
    const address = addressOf(question.name);
    const name = address === undefined ? undefined : known.reverse(address);
    return name === undefined
      ? undefined
      : reply(query, [{ type: 'PTR', name: question.name, ttl: TTL_SECONDS, data: name }]);
  }
  const found = known.lookUp(question.name.replace(/\.$/, ''));
  if (!found) return undefined;
  // A name of ours has no other records, and nobody outside is told that it was asked for.
  const of = question.type === 'A' ? 'address' : question.type === 'AAAA' ? 'address6' : undefined;
  const data = of ? found.map((named) => named[of]).filter((address) => address !== undefined) : [];
  const type = question.type as 'A';
  return reply(
    query,
    shuffled(data).map((address) => ({ type, name: question.name, ttl: TTL_SECONDS, data: address })),
  );
}

/** No record, and no error either. */
export const nothing = (query: Query): Buffer => reply(query, []);

/** That it cannot be found out now. */
export function failure(query: Query): Buffer {
  const SERVFAIL = 2;
  return encode({ ...headerOf(query, SERVFAIL), questions: [query.question] });
}

/** The answer without its records, where they are more than the asker takes in a datagram. */
export function fitted(answer: Buffer, query: Query): Buffer {
  if (answer.length <= query.udpSize) return answer;
  return encode({ ...headerOf(query, TRUNCATED_RESPONSE), questions: [query.question] });
}

function reply(query: Query, answers: Answer[]): Buffer {
  return encode({ ...headerOf(query, 0), questions: [query.question], answers });
}

function headerOf({ id, flags }: Query, more: number) {
  return { type: 'response' as const, id, flags: (flags & RECURSION_DESIRED) | RECURSION_AVAILABLE | more };
}

/** The address in the name of a reverse lookup. */
export function addressOf(name: string): string | undefined {
  const labels = name.toLowerCase().replace(/\.$/, '').split('.').reverse();
  if (labels[0] !== 'arpa') return undefined;
  const digits = labels.slice(2);
  if (labels[1] === 'in-addr' && digits.length === 4) return digits.join('.');
  if (labels[1] !== 'ip6' || digits.length !== 32 || !digits.every((digit) => /^[0-9a-f]$/.test(digit)))
    return undefined;
  return formatIpv6(BigInt(`0x${digits.join('')}`));
}

/** In another order each time, so that load is shared. */
function shuffled<T>(items: readonly T[]): T[] {
  const mixed = [...items];
  for (let at = mixed.length - 1; at > 0; at--) {
    const other = Math.floor(Math.random() * (at + 1));
    [mixed[at], mixed[other]] = [mixed[other]!, mixed[at]!];
  }
  return mixed;
}

/** Whether bytes are a response to the question in others: for what comes from outside. */
export function isResponseTo(bytes: Buffer, sent: Buffer): boolean {
  if (bytes.length < HEADER || bytes.readUInt16BE(0) !== sent.readUInt16BE(0) || (bytes[2]! & 0x80) === 0) return false;
  try {
    const [asked, answered] = [decode(sent).questions?.[0], decode(bytes).questions?.[0]];
    return (
      answered === undefined ||
      (asked?.type === answered.type && asked.name.toLowerCase() === answered.name.toLowerCase())
    );
  } catch {
    return false;
  }
}
