import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { connect } from 'node:http2';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Control, Gateway, SESSION_HEADERS } from '#buildkit';
import { parseAddress, Transport } from '#client';
import { frame } from '#grpc';
import { encode } from '#protobuf';
import type { TestDaemon } from '../../harness/daemon.ts';
import { startDaemon } from '../../harness/daemon.ts';
import { descriptors, survives, until } from './attacked.ts';
import {
  callHead,
  FLAG,
  field,
  h2Frame,
  openStream,
  RawConnection,
  resetStream,
  sendData,
  settings,
  TYPE,
} from './hostile-frames.ts';

const LIST_WORKERS = Control.listWorkers.path;

let daemon: TestDaemon;
before(async () => {
  daemon = await startDaemon();
});
after(() => daemon.destroy());

const grpc = () => RawConnection.open('/grpc', { socket: daemon.socket });

function* times<T>(count: number, make: (n: number) => T): Generator<T> {
  for (let n = 0; n < count; n++) yield make(n);
}

/** A flood that must be ended, not borne. */
const FLOODS: Readonly<Record<string, () => Iterable<Uint8Array>>> = {
  'resets of streams that have just begun': () =>
    times(20_000, (n) => Buffer.concat([openStream(2 * n + 1, LIST_WORKERS), resetStream(2 * n + 1)])),
  'more streams than may be': () => times(20_000, (n) => openStream(2 * n + 1, Control.status.path)),
  'a head list without an end': () =>
    (function* () {
      yield openStream(1, LIST_WORKERS, 0);
      const payload = field('x-long', 'x'.repeat(16_000));
      yield* times(4000, () => h2Frame({ type: TYPE.continuation, stream: 1, payload }));
    })(),
  'empty continuations of a head': () =>
    (function* () {
      yield openStream(1, LIST_WORKERS, 0);
      yield* times(100_000, () => h2Frame({ type: TYPE.continuation, stream: 1 }));
    })(),
  'a head of many small fields': () =>
    (function* () {
      yield h2Frame({ type: TYPE.headers, stream: 1, payload: callHead(LIST_WORKERS) });
      const payload = Buffer.concat(Array(2000).fill(field('a', '')));
      yield* times(1000, () => h2Frame({ type: TYPE.continuation, stream: 1, payload }));
    })(),
  'frames of no type that there is': () => [Buffer.from('PRI * HTTP/1.1\r\n\r\n'.repeat(10_000))],
  'a frame longer than may be': () => [
    h2Frame({ type: TYPE.data, stream: 1, payload: Buffer.alloc(1_000_000) }),
    ...times(50, () => Buffer.alloc(1_000_000)),
  ],
};

for (const [name, flood] of Object.entries(FLOODS)) {
  test(`a connection ends over ${name}`, async () => {
    await survives(daemon, async () => {
      using connection = await grpc();
      connection.begin().drain();
      await connection.flood(flood());
      await connection.ended();
    });
  });
}

/** What costs no memory may go on as long as it likes; who does not read the answers is cut off. */
const ANSWERED: Readonly<Record<string, () => Iterable<Uint8Array>>> = {
  settings: () => times(200_000, () => settings({ 4: 65_535 })),
  pings: () => times(200_000, () => h2Frame({ type: TYPE.ping, payload: Buffer.alloc(8) })),
};

for (const [name, flood] of Object.entries(ANSWERED)) {
  test(`${name} without number, answers unread`, async () => {
    await survives(daemon, async () => {
      using connection = await grpc();
      connection.begin();
      await connection.flood(flood());
    });
  });
}

test('calls whose answers are never read hold little', async () => {
  await survives(daemon, async () => {
    using connection = await grpc();
    // No window: not one byte of an answer may be sent.
    connection.begin({ 4: 0 }).drain();
    const call = frame(new Uint8Array());
    await connection.flood(
      times(240, (n) =>
        Buffer.concat([openStream(2 * n + 1, LIST_WORKERS), sendData(2 * n + 1, call, FLAG.endStream)]),
      ),
    );
  });
});

test('more than the window of a stream is not taken', async () => {
  await survives(daemon, async () => {
    using connection = await grpc();
    connection.begin().drain();
    // It waits for a build that never comes, and reads nothing else.
    const first = frame(encode(Control.status.request, { ref: 'nosuch' }));
    await connection.flood([openStream(1, Control.status.path), sendData(1, first)]);
    await connection.flood(times(5000, () => sendData(1, Buffer.alloc(16_000, 1))));
    await until(() => connection.came.has(TYPE.reset) || connection.socket.destroyed, 'the stream goes on');
  });
});

test('data one byte at a time, and frames without any', async () => {
  await survives(daemon, async () => {
    using connection = await grpc();
    connection.begin().drain();
    await connection.flood([openStream(1, LIST_WORKERS)]);
    const message = Buffer.concat([Buffer.from([0, 0, 1, 0, 0]), Buffer.alloc(65_536)]);
    await connection.flood(times(20_000, (n) => sendData(1, message.subarray(n, n + 1))));
    await connection.flood(times(100_000, () => sendData(1, new Uint8Array())));
  });
});

const lie = (size: number, flag = 0, rest = Buffer.alloc(0)) => {
  const prefix = Buffer.alloc(5);
  prefix[0] = flag;
  prefix.writeUInt32BE(size, 1);
  return Buffer.concat([prefix, rest]);
};

/** Asks each of these procedures with each of these bodies; resolves when all have an end: a head, then trailers. */
async function askAll(connection: RawConnection, paths: readonly string[], bodies: readonly Buffer[]): Promise<void> {
  const first = connection.nextStream;
  for (const body of bodies) {
    for (const path of paths) {
      const stream = connection.nextStream;
      connection.nextStream += 2;
      await connection.flood([openStream(stream, path), sendData(stream, body, FLAG.endStream)]);
    }
  }
  const asked = (connection.nextStream - first) / 2;
  const heads = () => connection.came.get(TYPE.headers) ?? 0;
  const expected = connection.answered + 2 * asked;
  await until(() => heads() >= expected, 'not every call is answered');
  connection.answered = expected;
}

test('prefixes of messages that lie end their call, not the connection', async () => {
  const lies = [
    lie(0xffffffff),
    lie(16 * 1024 * 1024 + 1),
    lie(16 * 1024 * 1024, 0, Buffer.alloc(100)),
    lie(10, 1, Buffer.alloc(10)),
    lie(10, 255, Buffer.alloc(10)),
    lie(2, 0, Buffer.from([0])),
    Buffer.from([0, 0]),
  ];
  const all = [Control.solve, Control.status, Control.session, Control.prune, Gateway.solve];
  await survives(daemon, async () => {
    using connection = await grpc();
    connection.begin().drain();
    const paths = all.map(({ path }) => path);
    for (let round = 0; round < 20; round++) await askAll(connection, paths, lies);
  });
});

test('messages that are no messages end their call, not the connection', async () => {
  const garbage = [nested(), Buffer.alloc(8000, 0xff), Buffer.from('x\0'.repeat(4000)), Buffer.alloc(8000, 0x0a)];
  await survives(daemon, async () => {
    using connection = await grpc();
    connection.begin().drain();
    for (let round = 0; round < 40; round++) {
      const bodies = [...garbage, randomBytes(round * 50)].map((bytes) => frame(bytes));
      await askAll(connection, [Control.solve.path, LIST_WORKERS, Control.diskUsage.path], bodies);
    }
    await askAll(connection, [Control.status.path, Control.session.path], [frame(Buffer.alloc(8000, 0xff))]);
  });
});

/** A message in a message, as deep as 16 kB allow. */
function nested(): Buffer {
  let all = Buffer.alloc(0);
  while (all.length < 16_000) {
    const length = all.length < 128 ? [all.length] : [(all.length % 128) | 128, all.length >> 7];
    all = Buffer.concat([Buffer.from([0x12, ...length]), all]);
  }
  return all;
}

test('large requests at once, and names without end', async () => {
  const big = 'x'.repeat(15_000_000);
  const waiting = { session: 'never', frontend: 'dockerfile.v0', frontendAttrs: new Map([['build-arg:A', big]]) };
  for (const [request, words] of [
    [waiting, /too much is under way on this connection/],
    [{ session: big }, /its session is too long/],
  ] as const) {
    await survives(daemon, async () => {
      const transport = new Transport(parseAddress(`unix://${daemon.socket}`));
      const socket = await transport.upgrade({ method: 'POST', path: '/grpc' }, 'h2c');
      const session = connect('http://localhost', { createConnection: () => socket, maxSessionMemory: 1000 });
      session.on('error', () => {});
      const said: string[] = [];
      for (const ref of times(12, (n) => `big${n}`)) {
        const call = session.request({ ':method': 'POST', ':path': Control.solve.path }, { endStream: false });
        call.on('error', () => {});
        call.on('trailers', (trailers) => said.push(String(trailers['grpc-message'])));
        call.resume();
        call.end(frame(encode(Control.solve.request, { ref, ...request })));
      }
      await until(() => said.length >= 5, 'nothing is refused');
      session.destroy();
      assert.match(said.join(), words);
    });
  }
});

test('sessions by the hundred, one taking the place of another', async () => {
  await survives(daemon, async () => {
    const all: RawConnection[] = [];
    try {
      for (let n = 0; n < 300; n++) {
        const headers = { [SESSION_HEADERS.id]: `s${n % 3}`, [SESSION_HEADERS.method]: Array(500).fill('/x/Y') };
        all.push((await RawConnection.open('/session', { socket: daemon.socket, headers })).drain());
      }
      await until(() => descriptors(daemon) < 100, 'sessions whose place is taken are open');
    } finally {
      for (const each of all) each[Symbol.dispose]();
    }
  });
});

/** The daemon calls here: what a server may not do to its client. */
const AS_SERVER: Readonly<Record<string, () => Iterable<Uint8Array>>> = {
  'calls that it has not asked for': () => times(20_000, (n) => openStream(2 * n + 1, '/x')),
  promises: () =>
    times(20_000, (n) =>
      h2Frame({
        type: 5,
        flags: FLAG.endHeaders,
        stream: 1,
        payload: Buffer.concat([Buffer.from([0, 0, 0, 2 * (n % 100) + 2]), callHead('/x')]),
      }),
    ),
  'data of no stream': () => times(20_000, () => sendData(2, Buffer.alloc(10_000))),
  noise: () => times(200, () => randomBytes(16_384)),
};

for (const [name, flood] of Object.entries(AS_SERVER)) {
  test(`a session ends over ${name}`, async () => {
    await survives(daemon, async () => {
      const headers = { [SESSION_HEADERS.id]: 'hostile', [SESSION_HEADERS.method]: '/x/Y' };
      using connection = await RawConnection.open('/session', { socket: daemon.socket, headers });
      connection.socket.write(settings());
      connection.drain();
      await connection.flood(flood());
      await connection.ended();
    });
  });
}

test('nothing is left of all this', async () => {
  const boots = readdirSync(join(daemon.dataRoot, 'builder/contexts'));
  for (const boot of boots) assert.deepEqual(readdirSync(join(daemon.dataRoot, 'builder/contexts', boot)), []);
  // Nor does a client fill the log by what it does to itself.
  const said = daemon.log().trim().split('\n').slice(1);
  assert.deepEqual(
    said.slice(0, 3).map((line) => line.slice(0, 500)),
    [],
  );
});
