import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { connect, isIPv6 } from 'node:net';
import { isResponseTo } from './answer.ts';
import { Framer, framed } from './framing.ts';

const PORT = 53;
/** Docker: each server gets this long. */
const SERVER_MS = 4_000;
const SERVFAIL = 2;
const REFUSED = 5;

/** Asks servers one after the other, from the host's namespace; undefined when none has an answer. */
export async function forward(
  query: Buffer,
  servers: readonly string[],
  exchange: typeof overUdp,
): Promise<Buffer | undefined> {
  const sent = Buffer.from(query);
  let last: Buffer | undefined;
  for (const server of servers) {
    // Not the asker's number: who guesses it could answer in the server's name.
    sent.writeUInt16BE(randomInt(65_536), 0);
    const answer = await exchange(sent, server).catch(() => undefined);
    if (!answer) continue;
    last = Buffer.from(answer);
    last.writeUInt16BE(query.readUInt16BE(0), 0);
    if (![SERVFAIL, REFUSED].includes(last[3]! & 0x0f)) return last;
  }
  return last;
}

/** One question and its answer in datagrams; rejects when none comes in time. */
export function overUdp(query: Buffer, server: string): Promise<Buffer> {
  const socket = createSocket(isIPv6(server.replace(/%.*$/, '')) ? 'udp6' : 'udp4');
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const timer = setTimeout(() => reject(new Error(`${server} did not answer in time`)), SERVER_MS);
  socket.on('error', reject);
  socket.on('message', (bytes) => {
    if (isResponseTo(bytes, query)) resolve(bytes);
  });
  // Connected, so that nobody else's datagrams are heard.
  const connected = (error?: Error) => (error ? reject(error) : socket.send(query));
  socket.connect(PORT, server, connected);
  return promise.finally(() => {
    clearTimeout(timer);
    socket.close();
  });
}

/** The same over a connection. */
export function overTcp(query: Buffer, server: string): Promise<Buffer> {
  const socket = connect({ host: server, port: PORT });
  const framer = new Framer();
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const timer = setTimeout(() => reject(new Error(`${server} did not answer in time`)), SERVER_MS);
  socket.on('error', reject);
  socket.on('close', () => reject(new Error(`${server} closed the connection`)));
  socket.on('data', (chunk: Buffer) => {
    const answer = framer.push(chunk).find((bytes) => isResponseTo(bytes, query));
    if (answer) resolve(answer);
  });
  socket.write(framed(query));
  return promise.finally(() => {
    clearTimeout(timer);
    socket.destroy();
  });
}
