import { request } from 'node:http';
import { takeOver } from './hijack.ts';
import { listArchive } from './list-archive.ts';

/** One call of the API and what of its answer is kept for later calls of the same case. */
export interface Call {
  readonly method: string;
  /** Path and query; `{name}` stands for a value kept from an earlier answer. */
  readonly path: string;
  /** JSON when it is an object, raw when it is a string or bytes. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Keeps `answer[field]` under a name: `{ id: 'Id' }`. */
  readonly keep?: Readonly<Record<string, string>>;
  /** Paths of the answer that are not compared, each with the reason: `{ 'HostConfig.Runtime': 'ours is crun' }`. */
  readonly differs?: Readonly<Record<string, string>>;
  /** Only the status and the headers are compared. */
  readonly bodyDiffers?: string;
  /** What Gantry answers where it differs on purpose; the fact stays Docker's. */
  readonly ours?: { readonly why: string; readonly status: number; readonly body: unknown };
  /** Takes the connection over: the fact is the raw head and what came behind it until the end. */
  readonly hijack?: Hijacking;
  /** Only sent, and known to be accepted, when the next call follows; its answer is awaited at the end of the case. */
  readonly isLong?: boolean;
  /** Only names and types are compared, for this reason: each value is replaced by the name of its type. */
  readonly shape?: string;
  /** Only these fields of the answer are compared. */
  readonly only?: readonly string[];
  /** Only the elements that mention this kept value are compared: other work may share the engine. */
  readonly about?: string;
  /** Only the elements of lists, the answer's own or those in its fields, that mention this are compared. */
  readonly mentions?: string;
  /** Repeats the call until the answer has this (at most 10 s): for what happens by itself. */
  readonly until?: (answer: Answer) => boolean;
}

export interface Case {
  readonly name: string;
  readonly calls: readonly Call[];
  /** Containers to remove afterwards, by name. */
  readonly removes?: readonly string[];
}

export interface Answer {
  readonly status: number;
  readonly type: string | undefined;
  readonly body: unknown;
}

/** How a connection is taken over. */
export interface Hijacking {
  /** The value of `Upgrade`; without it the client does not ask. */
  readonly upgrade?: string;
  /** Sent in one piece with the request's head. */
  readonly input?: string;
  /** Sent a moment after the answer's head. */
  readonly later?: string;
  /** Whether the sending side is closed after the input. */
  readonly ends?: boolean;
}

const ANSWER_LIMIT = 8 << 20;

/** Sends one call to the unix socket and reads the whole answer; `begun` hears when its head has come. */
export async function send(
  socket: string,
  call: Call,
  kept: ReadonlyMap<string, string>,
  begun = () => {},
): Promise<Answer> {
  const path = fill(call.path, kept);
  const isRaw = typeof call.body === 'string' || call.body instanceof Uint8Array;
  const body =
    call.body === undefined ? undefined : isRaw ? (call.body as string) : fill(JSON.stringify(call.body), kept);
  const type = body === undefined || isRaw ? {} : { 'content-type': 'application/json' };
  const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
  const headers = { host: 'docker', ...type, ...length, ...call.headers };
  if (call.hijack) {
    const raw = await takeOver(socket, { ...call.hijack, method: call.method, path, headers, body: body ?? '' }, begun);
    return { ...raw, body: { head: raw.head, data: decode(undefined, raw.data) } };
  }
  return await new Promise((resolve, reject) => {
    const outgoing = request({ socketPath: socket, method: call.method, path, headers, agent: false, timeout: 30_000 });
    outgoing.on('error', reject);
    outgoing.on('timeout', () => outgoing.destroy(new Error(`${call.method} ${path}: no answer within 30 s`)));
    outgoing.on('response', (response) => {
      begun();
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        size += chunk.length;
        if (size > ANSWER_LIMIT) response.destroy(new Error('the answer is too large'));
      });
      response.on('error', reject);
      response.on('end', () => {
        const contentType = response.headers['content-type'];
        const stat = response.headers['x-docker-container-path-stat'];
        const content = decode(contentType, Buffer.concat(chunks));
        const body = typeof stat === 'string' ? { stat: decodeStat(stat), content } : content;
        resolve({ status: response.statusCode!, type: contentType, body });
      });
    });
    outgoing.end(body);
  });
}

function fill(text: string, kept: ReadonlyMap<string, string>): string {
  const values = new Map([...kept, ['now', String((Date.now() + 2) / 1000)]]);
  return text.replaceAll(/\{(\w+)\}/g, (whole, name: string) => values.get(name) ?? whole);
}

/** What a header says of a path, the mode in octal. */
function decodeStat(header: string): object {
  const stat = JSON.parse(Buffer.from(header, 'base64').toString()) as { mode: number };
  return { ...stat, mode: stat.mode.toString(8) };
}

function decode(type: string | undefined, bytes: Buffer): unknown {
  if (type === 'application/x-tar') return listArchive(bytes);
  if (type !== 'application/json') return decodeFrames(bytes) ?? bytes.toString('latin1');
  const text = bytes.toString('utf8');
  const lines = text.split(/\r?\n/).filter((line) => line !== '');
  try {
    return lines.length <= 1 ? JSON.parse(text) : lines.map((line) => JSON.parse(line));
  } catch {
    return text;
  }
}

/** The frames of a multiplexed stream, neighbours of one stream joined: how output was cut is chance. */
function decodeFrames(bytes: Buffer): { stream: number; text: string }[] | undefined {
  const frames: { stream: number; text: string }[] = [];
  for (let at = 0; at < bytes.length; ) {
    if (at + 8 > bytes.length || bytes[at]! > 3 || bytes.readUIntBE(at + 1, 3) !== 0) return undefined;
    const end = at + 8 + bytes.readUInt32BE(at + 4);
    if (end > bytes.length) return undefined;
    const frame = { stream: bytes[at]!, text: bytes.toString('latin1', at + 8, end) };
    const last = frames.at(-1);
    if (last?.stream === frame.stream) last.text += frame.text;
    else frames.push(frame);
    at = end;
  }
  return frames.length > 0 ? frames : undefined;
}
