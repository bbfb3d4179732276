import { randomBytes } from 'node:crypto';
import { deadline } from '#async';
import { fluentdAddress } from '../addresses.ts';
import { extraAttributes } from '../attributes.ts';
import { Connection } from '../connection.ts';
import { parseBool } from '../go-values.ts';
import type { Message, Sink } from '../sink.ts';
import type { LogSubject } from '../subject.ts';
import { renderTag } from '../tag.ts';
import type { Packable } from './msgpack.ts';
import { pack, packEventTime } from './msgpack.ts';

const ACK_MS = 10_000;

/** Sends lines to Fluentd, by its forward protocol. With `fluentd-request-ack` each batch waits until it is there. */
export async function openFluentd(subject: LogSubject): Promise<Sink> {
  const { options } = subject;
  const yes = (name: string) => (options[name] ? parseBool(options[name]) : false);
  const [isConfirmed, isPrecise] = [yes('fluentd-request-ack'), yes('fluentd-sub-second-precision')];
  const acks = new Acks();
  const address = fluentdAddress(options['fluentd-address']);
  const tls = { rejectUnauthorized: true };
  const connection = await Connection.open(address, { tls, onData: (data) => acks.push(data) });
  const tag = renderTag(subject, '{{.ID}}');
  const record = recorder(subject);
  const event = (message: Message, option: Packable) =>
    pack([
      tag,
      isPrecise ? packEventTime(message.time) : Number(message.time / 1_000_000_000n),
      record(message),
      option,
    ]);
  return {
    isConfirmed,
    send: async (messages) => {
      const chunk = randomBytes(16).toString('base64');
      const last = messages.length - 1;
      const bytes = messages.map((message, i) => event(message, isConfirmed && i === last ? { chunk } : null));
      const acked = isConfirmed ? acks.wait(chunk) : undefined;
      await connection.send(Buffer.concat(bytes));
      if (acked) await deadline(acked, ACK_MS, 'fluentd did not acknowledge in time');
    },
    [Symbol.asyncDispose]: () => connection[Symbol.asyncDispose](),
  };
}

function recorder(subject: LogSubject): (message: Message) => Packable {
  const common = { container_id: subject.id, container_name: `/${subject.name}` };
  const extra = extraAttributes(subject);
  return ({ source, line, partial }) => ({
    ...common,
    source,
    log: line,
    ...extra,
    ...(partial
      ? {
          partial_message: 'true',
          partial_id: partial.id,
          partial_ordinal: String(partial.ordinal),
          partial_last: String(partial.last),
        }
      : {}),
  });
}

/** Looks for chunks that the server says it has: `{"ack": <chunk>}`, whose text is found in its bytes as it is. */
class Acks {
  #wanted: { readonly chunk: string; readonly resolve: () => void } | undefined;
  #seen = '';

  wait(chunk: string): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wanted = { chunk, resolve };
    this.#seen = '';
    return promise;
  }

  push(data: Buffer): void {
    this.#seen = (this.#seen + data.toString('latin1')).slice(-4096);
    if (this.#wanted && this.#seen.includes(this.#wanted.chunk)) this.#wanted.resolve();
  }
}
