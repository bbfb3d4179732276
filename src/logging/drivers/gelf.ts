import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { promisify } from 'node:util';
import { deflate, gzip } from 'node:zlib';
import { formatTime } from '#api';
import { gelfAddress } from '../addresses.ts';
import { extraAttributes } from '../attributes.ts';
import { Connection } from '../connection.ts';
import { udpDatagrams } from '../datagrams.ts';
import type { Message, Sink } from '../sink.ts';
import type { LogSubject } from '../subject.ts';
import { renderTag } from '../tag.ts';

const ERROR = 3;
const INFO = 6;
/** Of a chunk, its head of 12 bytes included; and how many there may be. */
const CHUNK = 1420;
const HEAD = 12;
const CHUNKS = 128;

/** Sends lines to a Graylog server, over UDP in chunks or over TCP. */
export async function openGelf(subject: LogSubject): Promise<Sink> {
  const { host, port, protocol } = gelfAddress(subject.options['gelf-address']);
  const render = renderer(subject);
  if (protocol === 'tcp') {
    const connection = await Connection.open({ kind: 'net', protocol, host, port });
    return {
      isConfirmed: false,
      send: (messages) => connection.send(Buffer.from(messages.map((m) => `${render(m)}\0`).join(''))),
      [Symbol.asyncDispose]: () => connection[Symbol.asyncDispose](),
    };
  }
  const socket = await udpDatagrams(host, port);
  const pack = packer(subject.options);
  return {
    isConfirmed: false,
    send: async (messages) => {
      for (const message of messages) {
        for (const datagram of chunks(await pack(Buffer.from(render(message))))) await socket.send(datagram);
      }
    },
    [Symbol.asyncDispose]: async () => socket[Symbol.dispose](),
  };
}

/** GELF 1.1; the fields of the container begin with an underscore. */
function renderer(subject: LogSubject): (message: Message) => string {
  const host = hostname();
  const extra = {
    _command: [subject.path, ...subject.args].join(' '),
    _container_id: subject.id,
    _container_name: subject.name,
    _created: formatTime(subject.createdNano),
    _image_id: subject.imageId,
    _image_name: subject.imageName,
    _tag: renderTag(subject, '{{.ID}}'),
    ...Object.fromEntries(Object.entries(extraAttributes(subject)).map(([key, value]) => [`_${key}`, value])),
  };
  return ({ source, line, time }) =>
    JSON.stringify({
      version: '1.1',
      host,
      short_message: line,
      timestamp: Number(time / 1_000_000n) / 1000,
      level: source === 'stderr' ? ERROR : INFO,
      ...extra,
    });
}

function packer(options: LogSubject['options']): (bytes: Buffer) => Promise<Buffer> {
  const type = options['gelf-compression-type'] ?? 'gzip';
  const level = Number(options['gelf-compression-level'] ?? 1);
  if (type === 'none') return (bytes) => Promise.resolve(bytes);
  const compress = promisify(type === 'zlib' ? deflate : gzip) as (b: Buffer, o: { level: number }) => Promise<Buffer>;
  return (bytes) => compress(bytes, { level });
}

/** A datagram, or those of a chunked message. One that needs too many chunks cannot be sent. */
function chunks(bytes: Buffer): Buffer[] {
  if (bytes.length <= CHUNK) return [bytes];
  const count = Math.ceil(bytes.length / (CHUNK - HEAD));
  if (count > CHUNKS) return [];
  const id = randomBytes(8);
  return Array.from({ length: count }, (_, i) =>
    Buffer.concat([
      Buffer.of(0x1e, 0x0f),
      id,
      Buffer.of(i, count),
      bytes.subarray(i * (CHUNK - HEAD), (i + 1) * (CHUNK - HEAD)),
    ]),
  );
}
