import { formatTime } from '#api';
import { internal } from '#errdefs';
import { extraAttributes } from '../attributes.ts';
import { unixDatagrams } from '../datagrams.ts';
import type { Message, Sink } from '../sink.ts';
import type { LogSubject } from '../subject.ts';
import { shortId } from '../subject.ts';
import { renderTag } from '../tag.ts';

const SOCKET = '/run/systemd/journal/socket';
const ERROR = '3';
const INFO = '6';

/** Sends lines to systemd's journal, by its native protocol. */
export async function openJournald(subject: LogSubject): Promise<Sink> {
  let socket: ReturnType<typeof unixDatagrams>;
  try {
    socket = unixDatagrams(process.env.GANTRY_JOURNAL_SOCKET ?? SOCKET);
  } catch (error) {
    throw internal('journald is not enabled on this host', error);
  }
  const fields = fieldsOf(subject);
  return {
    isConfirmed: true,
    send: async (messages) => {
      for (const message of messages) await socket.send(encode({ ...fields, ...fieldsOfMessage(message) }));
    },
    [Symbol.asyncDispose]: async () => socket[Symbol.dispose](),
  };
}

function fieldsOf(subject: LogSubject): Record<string, string> {
  const tag = renderTag(subject, '{{.ID}}');
  const extra = Object.entries(extraAttributes(subject)).map(([key, value]) => [fieldName(key), value] as const);
  return {
    CONTAINER_ID: shortId(subject.id),
    CONTAINER_ID_FULL: subject.id,
    CONTAINER_NAME: subject.name,
    CONTAINER_TAG: tag,
    IMAGE_NAME: subject.imageName,
    SYSLOG_IDENTIFIER: tag,
    ...Object.fromEntries(extra.filter(([key]) => key !== '')),
  };
}

/** Docker: capital letters, digits and underscores, none of these in front. */
const fieldName = (key: string) =>
  key
    .toUpperCase()
    .replace(/[^A-Z0-9_]/g, '_')
    .replace(/^_+/, '');

function fieldsOfMessage({ source, line, time, partial }: Message): Record<string, string> {
  const part = partial && {
    CONTAINER_PARTIAL_ID: partial.id,
    CONTAINER_PARTIAL_ORDINAL: String(partial.ordinal),
    CONTAINER_PARTIAL_LAST: String(partial.last),
    ...(partial.last ? {} : { CONTAINER_PARTIAL_MESSAGE: 'true' }),
  };
  return { MESSAGE: line, PRIORITY: source === 'stderr' ? ERROR : INFO, SYSLOG_TIMESTAMP: formatTime(time), ...part };
}

/** `NAME=value` and a newline; a value with a newline has its length in front instead (8 bytes, little endian). */
function encode(fields: Readonly<Record<string, string>>): Buffer {
  return Buffer.concat(
    Object.entries(fields).flatMap(([name, value]) => {
      if (!value.includes('\n')) return [Buffer.from(`${name}=${value}\n`)];
      const bytes = Buffer.from(value);
      const size = Buffer.alloc(8);
      size.writeBigUInt64LE(BigInt(bytes.length));
      return [Buffer.from(`${name}\n`), size, bytes, Buffer.from('\n')];
    }),
  );
}
