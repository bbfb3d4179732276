import { open } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { delay } from '#async';
import type { ByteRange } from '../deps.ts';
import type { FoundBlob } from '../registry.ts';
import type { Call } from './call.ts';

/**
 * Moves bytes from where a file stands into a socket: how many went, none or −1 when it takes nothing now, nor within this
 * time.
 */
export type SendFile = (socket: number, file: number, count: number, patienceMs?: number) => Promise<number>;

const PIECE = 4 * 2 ** 20;
/** Smaller ones go with their head in one piece. */
const SMALL = 256 * 1024;
/** A reader who keeps up makes room within this time; the others are looked after from time to time. */
const PATIENCE_MS = 2;
const REST_MS = 1;
const LONG_REST_MS = 25;

/** Sends a blob's bytes as the rest of the answer; a reader who takes nothing for too long is dropped. */
export async function sendBlob({ response, registry }: Call, blob: FoundBlob, range: ByteRange): Promise<void> {
  const { storage, settings } = registry;
  response.setTimeout(settings.idleMs, () => response.destroy());
  // From the beginning only: a file that was just opened stands there.
  const path = blob.stored && storage.blobs.file(blob.stored);
  const descriptor = descriptorOf(response.socket);
  const { sendFile } = registry;
  if (path && sendFile && descriptor !== undefined && range.start === 0 && range.end >= SMALL) {
    await using file = await open(path, 'r');
    return await sendByKernel(response, {
      ...{ bytes: range.end + 1, idleMs: settings.idleMs },
      send: (count, patienceMs) => sendFile(descriptor, file.fd, count, patienceMs),
    });
  }
  await pipeline(await blob.open(range), response);
}

interface Sending {
  readonly bytes: number;
  readonly idleMs: number;
  readonly send: (count: number, patienceMs: number) => Promise<number>;
}

async function sendByKernel(response: ServerResponse, { bytes, idleMs, send }: Sending): Promise<void> {
  await flushed(response);
  let left = bytes;
  let stalled = performance.now();
  let rest = REST_MS;
  let isFull = false;
  while (left > 0 && !response.destroyed && response.socket?.writable) {
    const asked = Math.min(left, PIECE);
    const isSlow = rest > REST_MS;
    const went = await send(asked, isFull && !isSlow ? PATIENCE_MS : 0);
    const wasFull = isFull;
    isFull = went < asked;
    if (went > 0) {
      left -= went;
      stalled = performance.now();
      if (went >= SMALL) rest = REST_MS;
      continue;
    }
    if (performance.now() - stalled > idleMs) break;
    if (!wasFull && !isSlow) continue;
    await delay(rest);
    rest = Math.min(rest * 2, LONG_REST_MS);
  }
  if (left > 0) return void response.destroy();
  response.end();
}

/** The head is out, and nothing of ours waits before the bytes that the kernel sends. */
async function flushed(response: ServerResponse): Promise<void> {
  response.flushHeaders();
  while (response.writableLength > 0 || (response.socket?.writableLength ?? 0) > 0) await delay(REST_MS);
}

/** The descriptor of a connection without TLS. */
function descriptorOf(socket: Socket | null): number | undefined {
  if (!socket || 'encrypted' in socket) return undefined;
  const { _handle: handle } = socket as unknown as { _handle?: { fd?: number } };
  return handle?.fd !== undefined && handle.fd >= 0 ? handle.fd : undefined;
}
