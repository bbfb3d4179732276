import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Packet, Stat } from '#buildkit';
import { Control, FileSync, PACKET, SESSION_HEADERS, toGoMode } from '#buildkit';
import { parseAddress, Transport } from '#client';
import { Connection, RpcError, serve, streaming } from '#grpc';
import type { Partially } from '#protobuf';
import type { TestDaemon } from '../../harness/daemon.ts';
import { startDaemon } from '../../harness/daemon.ts';
import { descriptors, survives } from './attacked.ts';

/** Clients that tell of files as no client should, through the whole of a daemon. */
let daemon: TestDaemon;
let outside: string;
before(async () => {
  daemon = await startDaemon();
  outside = mkdtempSync('/var/tmp/gantry-test-outside-');
  writeFileSync(join(outside, 'canary'), 'of the host');
});
after(async () => {
  await daemon.destroy();
  rmSync(outside, { recursive: true });
});

type Told = Partially<typeof Packet>;
type Tell = (send: (packet: Told) => Promise<void>, asked: AsyncIterator<Packet>) => Promise<void>;

const stat = (path: string, mode = 0o100644, more: Partial<Stat> = {}): Told => ({
  stat: { path: Buffer.from(path), mode: toGoMode(mode), size: 3, modTime: 5n, ...more },
});
const folder = (path: string) => stat(path, 0o040755);
const link = (path: string, target: string) => stat(path, 0o120777, { linkname: Buffer.from(target) });
const hardLink = (path: string, target: string) => stat(path, 0o100644, { linkname: Buffer.from(target) });
const data = (id: number, bytes: Uint8Array): Told => ({ type: PACKET.data, id, data: bytes });
const END: Told = {};

/** Tells of one small file and gives it. */
const tellDockerfile: Tell = async (send, asked) => {
  const text = Buffer.from('FROM scratch\nCOPY . /\n');
  await send(stat('Dockerfile', 0o100644, { size: text.length }));
  await send(END);
  await asked.next();
  await send(data(0, text));
  await send(data(0, Buffer.alloc(0)));
  await finish(send, asked);
};

const tellNothing: Tell = async (send, asked) => {
  await send(END);
  await finish(send, asked);
};

async function finish(send: (packet: Told) => Promise<void>, asked: AsyncIterator<Packet>): Promise<void> {
  for (;;) {
    const { done, value } = await asked.next();
    if (done) return;
    if (value.type === PACKET.fin) return await send({ type: PACKET.fin });
  }
}

let builds = 0;

/** Builds with a client that tells this where it is asked for its context, or for its Dockerfile; what comes of it. */
async function build(tell: Tell, where: 'context' | 'dockerfile' = 'context'): Promise<RpcError> {
  const transport = new Transport(parseAddress(`unix://${daemon.socket}`));
  const id = `hostile${++builds}`;
  const headers = { [SESSION_HEADERS.id]: id, [SESSION_HEADERS.method]: FileSync.diffCopy.path };
  const offered = await transport.upgrade({ method: 'POST', path: '/session', headers }, 'h2c');
  const handler = streaming(FileSync.diffCopy, async (call) => {
    const name = call.metadata.get('dir-name')?.[0];
    const isIgnoreFile = call.metadata.get('followpaths')?.[0] === '.dockerignore';
    const usual = name === 'dockerfile' ? tellDockerfile : tellNothing;
    const isAttacked = name === where && !isIgnoreFile;
    await (isAttacked ? tell : usual)((packet) => call.send(packet), call.requests()[Symbol.asyncIterator]());
  });
  const failure = (error: unknown) => new RpcError('unknown', String(error));
  const served = serve(offered, new Map([[handler.method.path, handler]]), { failure });
  using connection = new Connection(await transport.upgrade({ method: 'POST', path: '/grpc' }, 'h2c'));
  try {
    const request = { ref: id, session: id, frontend: 'dockerfile.v0' };
    await connection.unary(Control.solve, request, { signal: AbortSignal.timeout(20_000) });
  } catch (error) {
    assert.ok(error instanceof RpcError, String(error));
    return error;
  } finally {
    offered.destroy();
    await served;
  }
  throw new Error('the build went well');
}

/** Told one after the other, then nothing; content is as long as it was told. */
const telling =
  (packets: readonly Told[]): Tell =>
  async (send, asked) => {
    for (const packet of packets) await send(packet);
    await send(END);
    for (;;) {
      const { done, value } = await asked.next();
      if (done) return;
      if (value.type === PACKET.fin) return await send({ type: PACKET.fin });
      await send(data(value.id, Buffer.from('bad')));
      await send(data(value.id, Buffer.alloc(0)));
    }
  };

const untouched = () => {
  assert.deepEqual(readdirSync(outside), ['canary']);
  assert.equal(readFileSync(join(outside, 'canary'), 'utf8'), 'of the host');
};

test('paths that lead elsewhere, come twice, or before their directory', async () => {
  const up = '../'.repeat(20);
  const lists: readonly (readonly [readonly Told[], RegExp])[] = [
    [[stat(`${up}${outside}/new`)], /invalid path/],
    [[stat(`${outside}/new`)], /invalid path/],
    [[folder('a'), stat('a/../../new')], /invalid path/],
    [[stat('..')], /invalid path/],
    [[stat('.')], /invalid path/],
    [[stat('')], /invalid path/],
    [[folder('a'), stat('a//b')], /invalid path/],
    [[folder('a/')], /invalid path/],
    [[stat('a\0b')], /invalid path/],
    [[stat('x'.repeat(256))], /invalid path/],
    [[stat('a'), stat('a')], /comes twice/],
    [[stat('a'), folder('a')], /comes twice/],
    [[stat('d/b'), folder('d')], /before its directory/],
    [[link('l', outside), stat('l/canary')], /before its directory/],
    [[link('l', outside), folder('l'), stat('l/canary')], /comes twice/],
    [[hardLink('h', join(outside, 'canary'))], /hard link/],
    [[hardLink('h', `${up}${outside}/canary`)], /hard link/],
    [[link('l', join(outside, 'canary')), hardLink('h', 'l')], /hard link/],
    [[link('l', outside), hardLink('h', 'l/canary')], /hard link/],
    [[hardLink('h', 'h')], /hard link/],
    [[link('l', '')], /without a target/],
  ];
  await survives(daemon, async () => {
    for (const [packets, words] of lists) assert.match((await build(telling(packets))).message, words);
  });
  untouched();
  assert.ok(!existsSync(join(daemon.dataRoot, 'builder/new')));
});

test('content that nobody asked for, that is too long, or after the end', async () => {
  const more: readonly (readonly [Tell, RegExp])[] = [
    [async (send) => await send(data(7, Buffer.from('x'))), /nobody asked for/],
    [
      async (send) => {
        await send(stat('f'));
        await send(END);
        await send(stat('g'));
      },
      /after their end/,
    ],
    [async (send) => await send({ type: PACKET.fin }), /finished before its receiver/],
    [async (send) => await send({ type: PACKET.error, data: Buffer.alloc(1_000_000, 'e') }), /error from sender: e{9}/],
    [
      async (send, asked) => {
        await send(stat('f'));
        await asked.next();
        for (let n = 0; n < 200; n++) await send(data(0, Buffer.alloc(1_000_000)));
      },
      /much larger than/,
    ],
    [async (send) => await send(END).then(() => send({ type: 9 })), /ended before its end/],
  ];
  await survives(daemon, async () => {
    for (const [tell, words] of more) assert.match((await build(tell)).message, words);
  });
});

test('folders without end where a Dockerfile is expected', async () => {
  const name = 'd'.repeat(200);
  await survives(daemon, async () => {
    const error = await build(async (send) => {
      const deep = Array(19).fill(name);
      for (let n = 1; n <= deep.length; n++) await send(folder(deep.slice(0, n).join('/')));
      for (let n = 0; n < 200_000; n++) await send(folder(`${deep.join('/')}/${n}`));
    }, 'dockerfile');
    assert.match(error.message, /too much|too many|too large/);
  });
});

test('files whose attributes are longer than themselves', async () => {
  await survives(daemon, async () => {
    const xattrs = new Map([['user.x', Buffer.alloc(8_000_000, 'x')]]);
    const error = await build(async (send) => {
      for (let n = 0; n < 100; n++) await send(stat(`f${n}`, 0o100644, { xattrs }));
    });
    assert.match(error.message, /too many attributes/);
  });
});

test('links whose targets are longer than any path', async () => {
  await survives(daemon, async () => {
    const error = await build(async (send) => {
      for (let n = 0; n < 100; n++) await send(hardLink(`f${n}`, 'x'.repeat(8_000_000)));
    });
    assert.match(error.message, /link/);
  });
});

test('files by the thousand, each begun and none ended', async () => {
  const open = descriptors(daemon);
  let most = 0;
  await survives(daemon, async () => {
    const error = await build(async (send) => {
      for (let n = 0; n < 3000; n++) await send(stat(`f${n}`));
      await send(END);
      for (let n = 0; n < 3000; n++) {
        await send(data(n, Buffer.from('x')));
        if (n % 100 === 0) most = Math.max(most, descriptors(daemon));
      }
      for (let n = 0; n < 20; n++) {
        await new Promise((wake) => setTimeout(wake, 50));
        most = Math.max(most, descriptors(daemon));
      }
    });
    assert.match(error.message, /too many files/);
  });
  assert.ok(most < open + 600, `${most} descriptors were open`);
});

test('nothing is left of all this', () => {
  const contexts = join(daemon.dataRoot, 'builder/contexts');
  for (const boot of readdirSync(contexts)) assert.deepEqual(readdirSync(join(contexts, boot)), []);
  assert.deepEqual(readdirSync(join(daemon.dataRoot, 'build/steps')), []);
  untouched();
});
