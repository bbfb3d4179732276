import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PACKET, Packet, toGoMode } from '#buildkit';
import { EngineError, invalid } from '#errdefs';
import { FrameReader, frame, RpcError } from '#grpc';
import { nullLog } from '#log';
import { decode, encode } from '#protobuf';
import { SystemError } from '#sys';
import { ContextFolders } from '../../src/builder/files/folders.ts';
import type { Target } from './targets.ts';

const stat = (path: string, mode: number, linkname = '') =>
  frame(
    encode(Packet, {
      stat: { path: Buffer.from(path), mode: toGoMode(mode), size: 3, modTime: 5n, linkname: Buffer.from(linkname) },
    }),
  );
const data = (id: number, text: string) => frame(encode(Packet, { type: PACKET.data, id, data: Buffer.from(text) }));
const END = frame(encode(Packet, {}));
const FIN = frame(encode(Packet, { type: PACKET.fin }));

let root: string | undefined;

function folder(): string {
  if (root === undefined) {
    const made = mkdtempSync(join(tmpdir(), 'gantry-fuzz-'));
    process.once('exit', () => rmSync(made, { recursive: true, force: true }));
    root = made;
  }
  mkdirSync(join(root, 'in'), { recursive: true });
  return root;
}

/** Receives a folder from a sender that says whatever it likes; nothing may appear beside it. */
async function receiveFolder(input: Buffer): Promise<void> {
  const at = folder();
  try {
    const folders = new ContextFolders({ root: join(at, 'in'), log: nullLog });
    const opened = await folders.open('key', { packets: packets(input), send: async () => {} });
    await opened[Symbol.asyncDispose]();
  } catch (error) {
    // What a file system refuses (a name that is there, one that is too long) is the sender's fault too.
    const isKnown = error instanceof RpcError || error instanceof SystemError || isFault(error);
    if (isKnown && !(error instanceof EngineError)) throw invalid((error as Error).message);
    throw error;
  } finally {
    assert.deepEqual(readdirSync(at), ['in']);
    rmSync(join(at, 'in'), { recursive: true });
  }
}

const isFault = (error: unknown): boolean => typeof (error as NodeJS.ErrnoException).syscall === 'string';

async function* packets(input: Buffer): AsyncGenerator<Packet[]> {
  const reader = new FrameReader();
  for (let at = 0; at < input.length; at += 97) {
    for (const bytes of reader.push(input.subarray(at, at + 97))) yield [decode(Packet, bytes)];
  }
  reader.finish();
}

export const DIFF_COPY: Target = {
  seeds: [
    Buffer.concat([stat('a', 0o100644), stat('d', 0o040755), stat('d/b', 0o100600), END, data(0, 'one'), data(0, '')]),
    Buffer.concat([
      stat('a', 0o100644),
      stat('h', 0o100644, 'a'),
      stat('l', 0o120777, '/etc'),
      END,
      data(0, 'x'),
      data(0, ''),
      FIN,
    ]),
    Buffer.concat([stat('l', 0o120777, '/etc'), stat('l/passwd', 0o100644), END, FIN]),
  ],
  words: ['../', '/etc/passwd', '\x0a\x02..', '\x0a\x00', '\0\0\0\0\x02\x08\x03', 'd/b'],
  run: receiveFolder,
};
