import type { Duplex } from 'node:stream';
import { duplexPair } from 'node:stream';
import { FileSync } from '#buildkit';
import type { CallOptions, ClientCall, Method } from '#grpc';
import { Connection, RpcError } from '#grpc';
import type { Message, MessageType, Partially } from '#protobuf';
import type { Exchange } from '../files/receive.ts';

/** What a client says of the session that it opens. */
export interface SessionFacts {
  readonly id: string;
  /** A name for the client's folder that stays the same from build to build. */
  readonly sharedKey: string;
  /** The procedures that it serves. */
  readonly methods: ReadonlySet<string>;
}

/** Which of a folder's files are wanted, by patterns. */
export interface FolderRequest {
  readonly name: string;
  readonly excludes?: readonly string[];
  readonly followPaths?: readonly string[];
}

/** A transfer under way, and how many bytes of it have come. */
export interface FolderTransfer {
  readonly exchange: Exchange;
  readonly received: () => number;
}

/** A client that serves us its files, secrets, credentials and agents over its connection. */
export class Session implements Disposable {
  readonly facts: SessionFacts;
  readonly #connection: Connection;

  constructor(facts: SessionFacts, connection: Duplex) {
    this.facts = facts;
    this.#connection = new Connection(connection);
  }

  /** Of a client that serves nothing: all it has to say is in its call. */
  static withNothing(): Session {
    return new Session({ id: '', sharedKey: '', methods: new Set() }, duplexPair()[0]);
  }

  get closed(): Promise<void> {
    return this.#connection.closed;
  }

  serves({ path }: Method): boolean {
    return this.facts.methods.has(path.toLowerCase());
  }

  async ask<Request extends MessageType, Response extends MessageType>(
    method: Method<Request, Response>,
    request: Partially<Request>,
    signal: AbortSignal,
  ): Promise<Message<Response>> {
    return await this.#connection.unary(method, request, { signal });
  }

  open<Request extends MessageType, Response extends MessageType>(
    method: Method<Request, Response>,
    options: CallOptions,
  ): ClientCall<Request, Response> {
    return this.#connection.open(method, options);
  }

  /** Begins the transfer of a folder's files. */
  openFolder({ name, excludes = [], followPaths = [] }: FolderRequest, signal: AbortSignal): FolderTransfer {
    if (!this.serves(FileSync.diffCopy)) throw new RpcError('unavailable', 'no local sources enabled');
    const metadata = encodeMetadata({
      'dir-name': [name],
      'exclude-patterns': excludes,
      followpaths: followPaths,
    });
    const call = this.open(FileSync.diffCopy, { metadata, signal });
    return {
      exchange: { packets: call.batches(), send: (...packets) => call.send(...packets) },
      received: () => call.received,
    };
  }

  [Symbol.dispose](): void {
    this.#connection[Symbol.dispose]();
  }
}

/** Values that do not fit into a head are escaped, and a second key says so. */
function encodeMetadata(values: Readonly<Record<string, readonly string[]>>): Map<string, readonly string[]> {
  const metadata = new Map<string, readonly string[]>();
  for (const [key, list] of Object.entries(values)) {
    if (list.length === 0) continue;
    const isPlain = list.every((value) => /^[\x20-\x7e]*$/.test(value) && value.trim() === value);
    metadata.set(key, isPlain ? list : list.map(encodeURIComponent));
    if (!isPlain) metadata.set(`${key}-encoded`, ['1']);
  }
  return metadata;
}
