import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { invalid } from '#errdefs';
import { rawHead } from '../head.ts';

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** The head that accepts a WebSocket; throws for a request that asks for none (RFC 6455 §4.2). */
export function acceptWebSocket({ headers, httpVersion }: IncomingMessage): string {
  const upgrades = /(^|,)[ \t]*upgrade[ \t]*(,|$)/i.test(headers.connection ?? '');
  if (httpVersion !== '1.1' || headers.upgrade?.toLowerCase() !== 'websocket' || !upgrades) {
    throw invalid('not websocket protocol');
  }
  if (headers['sec-websocket-version'] !== '13') throw invalid('missing or bad WebSocket Version');
  const key = headers['sec-websocket-key'] ?? '';
  if (Buffer.from(key, 'base64').length !== 16) throw invalid('bad challenge response');
  const accept = createHash('sha1').update(`${key}${GUID}`).digest('base64');
  const protocols = (headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
  const chosen = protocols[0] ? ['Sec-WebSocket-Protocol', protocols[0]] : [];
  return rawHead(101, ['Upgrade', 'websocket', 'Connection', 'Upgrade', 'Sec-WebSocket-Accept', accept, ...chosen]);
}
