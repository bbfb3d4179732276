import { readFileSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { formatNanos, formatTime } from '#api';
import { internal } from '#errdefs';
import type { Address } from '../addresses.ts';
import { syslogAddress } from '../addresses.ts';
import type { TlsOptions } from '../connection.ts';
import { Connection } from '../connection.ts';
import { udpDatagrams, unixDatagrams } from '../datagrams.ts';
import { syslogFacility } from '../options.ts';
import type { Message, Sink } from '../sink.ts';
import type { LogSubject } from '../subject.ts';
import { renderTag } from '../tag.ts';

const LOCAL = ['/dev/log', '/var/run/syslog', '/var/run/log'];
const ERROR = 3;
const INFO = 6;

type Options = LogSubject['options'];

/** One message's bytes. */
type Format = (message: Message) => string;

/** Sends lines to a syslog server. */
export async function openSyslog(subject: LogSubject): Promise<Sink> {
  const { options } = subject;
  const address = syslogAddress(options['syslog-address']) ?? local();
  const format = formatOf(options, renderTag(subject, '{{.ID}}'), address);
  if (address.kind === 'net' && address.protocol !== 'udp') return await overConnection(address, format, options);
  if (address.kind === 'net') return overDatagrams(await udpDatagrams(address.host, address.port), format, false);
  try {
    return overDatagrams(unixDatagrams(address.path), format, true);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPROTOTYPE' || address.datagram) throw error;
    return await overConnection(address, format, options);
  }
}

function local(): Address {
  const path = LOCAL.find((name) => statSync(name, { throwIfNoEntry: false })?.isSocket());
  if (!path) throw internal('Unix syslog delivery error');
  return { kind: 'unix', path, datagram: false };
}

function overDatagrams(to: ReturnType<typeof unixDatagrams>, format: Format, isConfirmed: boolean): Sink {
  return {
    isConfirmed,
    send: async (messages) => {
      for (const message of messages) await to.send(Buffer.from(format(message)));
    },
    [Symbol.asyncDispose]: async () => to[Symbol.dispose](),
  };
}

async function overConnection(address: Address, format: Format, options: Options): Promise<Sink> {
  const isTls = address.kind === 'net' && address.protocol === 'tls';
  const connection = await Connection.open(address, isTls ? { tls: tlsOf(options) } : {});
  return {
    isConfirmed: false,
    send: (messages) => connection.send(Buffer.from(messages.map(format).join(''))),
    [Symbol.asyncDispose]: () => connection[Symbol.asyncDispose](),
  };
}

function tlsOf(options: Options): TlsOptions {
  const file = (name: string) => (options[name] ? { [name]: readFileSync(options[name]) } : {});
  const read = { ...file('syslog-tls-ca-cert'), ...file('syslog-tls-cert'), ...file('syslog-tls-key') };
  return {
    // Docker: to be given is to be set, whatever the value.
    rejectUnauthorized: options['syslog-tls-skip-verify'] === undefined,
    ...(read['syslog-tls-ca-cert'] ? { ca: read['syslog-tls-ca-cert'] } : {}),
    ...(read['syslog-tls-cert'] ? { cert: read['syslog-tls-cert'] } : {}),
    ...(read['syslog-tls-key'] ? { key: read['syslog-tls-key'] } : {}),
  };
}

/** Docker's three formats, and what it does without one. */
function formatOf(options: Options, tag: string, address: Address): Format {
  const facility = syslogFacility(options['syslog-facility']) << 3;
  const priority = ({ source }: Message) => facility | (source === 'stderr' ? ERROR : INFO);
  const [host, pid] = [hostname(), process.pid];
  const form = options['syslog-format'] || 'unix';
  if (form === 'unix') return (m) => `<${priority(m)}>${stamp(m.time)} ${tag}[${pid}]: ${m.line}\n`;
  if (form === 'rfc3164') return (m) => `<${priority(m)}>${stamp(m.time)} ${host} ${tag}[${pid}]: ${m.line}\n`;
  const time = form === 'rfc5424micro' ? micro : seconds;
  const plain: Format = (m) => `<${priority(m)}>1 ${time(m.time)} ${host} ${tag} ${pid} ${tag} - ${m.line}\n`;
  const isTls = address.kind === 'net' && address.protocol === 'tls';
  // RFC 5425: over TLS each message has its length in front.
  return isTls ? (m) => framed(plain(m)) : plain;
}

const framed = (text: string) => `${Buffer.byteLength(text)} ${text}`;
const seconds = (nanos: bigint) => formatTime(nanos - (((nanos % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n));
const micro = (nanos: bigint) => `${formatNanos(nanos).slice(0, -4)}Z`;

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** Go's time.Stamp, in local time. */
function stamp(nanos: bigint): string {
  const at = new Date(Number(nanos / 1_000_000n));
  const two = (number: number) => String(number).padStart(2, '0');
  const day = String(at.getDate()).padStart(2);
  return `${MONTHS[at.getMonth()]} ${day} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}
