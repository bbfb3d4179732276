import { connect } from 'node:net';

interface RawRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | number | undefined>>;
  readonly body: string;
  readonly upgrade?: string;
  readonly input?: string;
  readonly later?: string;
  readonly ends?: boolean;
}

interface RawAnswer {
  readonly status: number;
  readonly type: string | undefined;
  /** The status line, then the headers in order of their names. */
  readonly head: readonly string[];
  readonly data: Buffer;
}

/** Sends a request over a connection of its own, by hand, and reads until the other side ends it. */
export function takeOver(socket: string, asked: RawRequest, begun: () => void): Promise<RawAnswer> {
  const upgrade = asked.upgrade === undefined ? {} : { connection: 'Upgrade', upgrade: asked.upgrade };
  const headers = Object.entries({ ...asked.headers, ...upgrade }).map(([name, value]) => `${name}: ${value}\r\n`);
  const head = `${asked.method} ${asked.path} HTTP/1.1\r\n${headers.join('')}\r\n`;
  return new Promise((resolve, reject) => {
    let data = Buffer.alloc(0);
    let hasHead = false;
    const connection = connect({ path: socket, allowHalfOpen: true }, () => {
      connection.write(`${head}${asked.body}${asked.input ?? ''}`);
      if (asked.ends && asked.later === undefined) connection.end();
    });
    connection.setTimeout(30_000, () => connection.destroy(new Error(`${asked.path}: no end within 30 s`)));
    connection.on('error', reject);
    connection.on('data', (chunk: Buffer) => {
      data = Buffer.concat([data, chunk]);
      if (isWhole(data)) connection.end(() => resolve(parse(data)));
      if (hasHead || !data.includes('\r\n\r\n')) return;
      hasHead = true;
      begun();
      if (asked.later !== undefined) setTimeout(() => sendLater(asked.later!), 200);
    });
    const sendLater = (text: string) => (asked.ends ? connection.end(text) : connection.write(text));
    connection.on('end', () => {
      connection.end();
      resolve(parse(data));
    });
  });
}

/** A refusal has a length, and the connection may be used again. */
function isWhole(data: Buffer): boolean {
  const end = data.indexOf('\r\n\r\n');
  const length = /\r\ncontent-length: (\d+)/i.exec(data.toString('latin1', 0, Math.max(end, 0)));
  return length !== null && data.length >= end + 4 + Number(length[1]);
}

/** `Date` and `Server` are the engine's own, and so are the versions it names; ours ends the connection of a refused takeover. */
const OWN = /^(date|server|api-version|ostype|docker-experimental|connection: close):?/i;

function parse(bytes: Buffer): RawAnswer {
  const end = bytes.indexOf('\r\n\r\n');
  const [status = '', ...headers] = bytes.toString('latin1', 0, end).split('\r\n');
  const type = headers.find((line) => /^content-type:/i.test(line))?.slice('content-type:'.length);
  return {
    status: Number(status.split(' ')[1]),
    type: type?.trim(),
    head: [status, ...headers.filter((line) => !OWN.test(line)).sort()],
    data: bytes.subarray(end + 4),
  };
}
