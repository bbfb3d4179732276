import { Writable } from 'node:stream';
import { FileSend } from '#buildkit';
import type { BytesMessage, ClientCall, Metadata } from '#grpc';
import { RpcError } from '#grpc';
import type { Session } from '../session/session.ts';
import { FolderArchive } from './folder-archive.ts';

/** Which exporter writes, and what it tells of its file. */
export interface OutputRequest {
  readonly exporter: number;
  /** Whether the client wants the files of the archive, not the archive. */
  readonly isFolder: boolean;
  readonly metadata: ReadonlyMap<string, string>;
  readonly signal: AbortSignal;
  /** A folder of ours for what must wait on disk. */
  readonly spool: string;
}

/** Where an exporter writes; it has finished when the client has it all. */
export function openOutput(session: Session, request: OutputRequest): Writable {
  if (!session.serves(FileSend.bytes)) throw new RpcError('unavailable', 'the client takes no files');
  const { exporter, metadata, signal, spool } = request;
  const own = [...metadata].map(([key, value]): [string, string[]] => [`exporter-md-${key}`, [value]]);
  const about: Metadata = new Map([['buildkit-attachable-exporter-id', [String(exporter)]], ...own]);
  if (!request.isFolder) return writer(session.open(FileSend.bytes, { metadata: about, signal }));
  return new FolderArchive(spool, () => {
    const call = session.open(FileSend.diffCopy, { metadata: about, signal });
    return { packets: call.responses(), send: (packet) => call.send(packet), end: () => call.end() };
  });
}

/** Larger pieces are taken apart, as a message has a limit. */
const PIECE = 3 * 1024 * 1024;

function writer(call: ClientCall<typeof BytesMessage, typeof BytesMessage>): Writable {
  const write = async (chunk: Uint8Array) => {
    for (let at = 0; at < chunk.length; at += PIECE) await call.send({ data: chunk.subarray(at, at + PIECE) });
  };
  const finish = async () => {
    call.end();
    // The client says nothing, but that it has all of it, or why not.
    for await (const _ of call.responses());
  };
  return new Writable({
    write: (chunk: Buffer, _encoding, done) => void write(chunk).then(() => done(), done),
    final: (done) => void finish().then(() => done(), done),
    destroy: (error, done) => {
      if (error) call.cancel();
      done(error);
    },
  });
}
