import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { Packet, Stat } from '#buildkit';
import { PACKET, toGoMode, toStMode } from '#buildkit';
import { EngineError } from '#errdefs';
import { nullLog } from '#log';
import { listXattrs } from '#sys';
import type { OpenedFolder } from './folders.ts';
import { ContextFolders } from './folders.ts';
import { receiveSmall } from './memory.ts';
import type { Exchange } from './receive.ts';

const root = mkdtempSync(join(tmpdir(), 'gantry-sync-'));
after(() => rmSync(root, { recursive: true, force: true }));

interface Sent {
  readonly path: string | Buffer;
  readonly content?: string;
  readonly mode?: number;
  readonly linkname?: string | Buffer;
  readonly modTime?: bigint;
  readonly xattrs?: Map<string, Uint8Array>;
}

const NONE = { uid: process.getuid!(), gid: process.getgid!(), devmajor: 0, devminor: 0 };

function statOf({ path, content = '', mode = 0o100644, linkname = '', modTime = 5_000_000_123n, xattrs }: Sent): Stat {
  return {
    ...NONE,
    ...{ path: Buffer.from(path), mode: toGoMode(mode), size: Buffer.byteLength(content), modTime },
    ...{ linkname: Buffer.from(linkname), xattrs: xattrs ?? new Map() },
  };
}

/** A sender that answers what it is asked; `asked` are the paths whose content was wanted. */
function sender(files: readonly Sent[], then: readonly Partial<Packet>[] = []) {
  const asked: string[] = [];
  const queue: Packet[] = [];
  let wake = () => {};
  const put = (packet: Partial<Packet>) => {
    queue.push({ type: 0, stat: undefined, id: 0, data: new Uint8Array(), ...packet });
    wake();
  };
  for (const file of files) put({ type: PACKET.stat, stat: statOf(file) });
  for (const packet of then) put(packet);
  if (then.length === 0) put({ type: PACKET.stat });
  const exchange: Exchange = {
    packets: (async function* () {
      for (;;) {
        const next = queue.shift();
        if (next) yield [next];
        else await new Promise<void>((resolve) => (wake = resolve));
      }
    })(),
    send: async (...packets) => {
      for (const { type, id = 0 } of packets) {
        if (type === PACKET.fin) put({ type: PACKET.fin });
        if (type !== PACKET.request) continue;
        const { path, content = '' } = files[id]!;
        asked.push(String(path));
        const bytes = Buffer.from(content);
        const length = Math.max(3, bytes.length >> 4);
        for (let n = 0; n < bytes.length; n += length)
          put({ type: PACKET.data, id, data: bytes.subarray(n, n + length) });
        put({ type: PACKET.data, id });
      }
    },
  };
  return { exchange, asked };
}

const DIRECTORY = 0o040755;
const LINK = 0o120777;

let number = 0;
const folders = () => {
  const at = join(root, String(number++));
  mkdirSync(at);
  return new ContextFolders({ root: at, log: nullLog });
};

test('files come as they are, and only what differs comes again', async () => {
  const all = folders();
  const files: Sent[] = [
    { path: 'a', content: 'hello' },
    { path: 'dir', mode: DIRECTORY },
    { path: Buffer.from('dir/caf\xe9', 'latin1'), content: 'x', mode: 0o104755 },
    { path: 'dir/empty' },
    { path: 'hard', linkname: 'a', content: 'hello' },
    { path: 'link', mode: LINK, linkname: '/etc/passwd' },
  ];
  const first = sender(files);
  const { path } = await all.open('key', first.exchange).then(async (opened) => {
    await opened[Symbol.asyncDispose]();
    return opened;
  });
  assert.equal(readFileSync(join(path, 'a'), 'utf8'), 'hello');
  assert.equal(readlinkSync(join(path, 'link')), '/etc/passwd');
  assert.equal(lstatSync(join(path, 'a'), { bigint: true }).mtimeNs, 5_000_000_123n);
  assert.equal(lstatSync(join(path, 'a')).ino, lstatSync(join(path, 'hard')).ino);
  const odd = lstatSync(Buffer.concat([Buffer.from(`${path}/dir/`), Buffer.from('caf\xe9', 'latin1')]));
  assert.equal(odd.mode & 0o7777, 0o4755);
  assert.equal(first.asked.length, 2);

  const again = sender(files);
  await (await all.open('key', again.exchange))[Symbol.asyncDispose]();
  assert.deepEqual(again.asked, []);

  const changed = sender([
    { path: 'a', content: 'world', modTime: 7n },
    { path: 'dir', content: 'now a file' },
    { path: 'link', mode: DIRECTORY },
  ]);
  await (await all.open('key', changed.exchange))[Symbol.asyncDispose]();
  assert.deepEqual(changed.asked, ['a', 'dir']);
  assert.equal(readFileSync(join(path, 'dir'), 'utf8'), 'now a file');
  assert.ok(lstatSync(join(path, 'link')).isDirectory());
  assert.throws(() => lstatSync(join(path, 'hard')), { code: 'ENOENT' });
});

test('what is kept is read again by the next daemon', async () => {
  const at = join(root, String(number++));
  mkdirSync(at);
  const files: Sent[] = [
    { path: 'd', mode: DIRECTORY },
    { path: 'd/a', content: 'hello' },
    { path: 'l', mode: LINK, linkname: 'd/a' },
  ];
  await new ContextFolders({ root: at, log: nullLog }).open('key', sender(files).exchange);
  const next = sender(files);
  await new ContextFolders({ root: at, log: nullLog }).open('key', next.exchange);
  assert.deepEqual(next.asked, []);
});

/** What an open folder says of its files, and what lies there. */
function told({ files }: OpenedFolder, at = ''): string[] {
  return files.names(at).flatMap((name) => {
    const path = `${at}/${name}`;
    const facts = files.facts(path)!;
    const { mode, uid, gid, rdev } = facts;
    const what = facts.isFile() ? `${facts.size} ${files.content(path)}` : (files.target(path) ?? '');
    const own = [path, Number(mode).toString(8), uid, gid, rdev, what, ...files.xattrs(path).flat()].join(' ');
    return [own, ...(facts.isDirectory() ? told({ files } as OpenedFolder, path) : [])];
  });
}

function found(root: string, at = ''): string[] {
  const names = readdirSync(Buffer.from(root + at, 'latin1'), { encoding: 'latin1' as BufferEncoding }).sort();
  return names.flatMap((name) => {
    const path = `${at}/${name}`;
    const bytes = Buffer.from(root + path, 'latin1');
    const stats = lstatSync(bytes);
    const { mode, uid, gid, rdev, size } = stats;
    const hash = () => createHash('sha256').update(readFileSync(bytes)).digest('hex');
    const link = () => readlinkSync(bytes, { encoding: 'latin1' as BufferEncoding });
    const what = stats.isFile() ? `${size} ${hash()}` : stats.isSymbolicLink() ? link() : '';
    const xattrs = listXattrs(bytes).map((x) => [x.name.toString('latin1'), x.value.toString('latin1')]);
    const own = [path, mode.toString(8), uid, gid, rdev, what, ...xattrs.sort().flat()].join(' ');
    return [own, ...(stats.isDirectory() ? found(root, path) : [])];
  });
}

const numbers = (seed: number) => (below: number) => {
  seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
  return (seed >> 8) % below;
};

/** A tree of up to 30 files in which each thing may differ from that of another draw. */
function draw(random: (below: number) => number): Sent[] {
  const files: Sent[] = [];
  const add = (folder: string, depth: number) => {
    for (const name of ['a', 'b', 'caf\xe9', 'z']) {
      const path = Buffer.from(folder + name, 'latin1');
      const first = files.find(({ content, linkname }) => content !== undefined && linkname === undefined);
      const modTime = BigInt(random(2) + 1) * 10n ** 18n;
      const value = { xattrs: new Map([['user.x', Buffer.from(`${random(2)}`)]]) };
      const own = { path, modTime, ...(random(3) === 0 ? value : {}) };
      const kind = random(9);
      if (kind < 2) files.push({ ...own, content: `${modTime}${random(2)}`.repeat(random(3)), mode: 0o100644 });
      else if (kind === 2) files.push({ ...own, content: `${modTime}`, mode: random(2) ? 0o104755 : 0o100600 });
      else if (kind === 3) files.push({ path, modTime, mode: LINK, linkname: random(2) ? 'a' : '/b' });
      else if (kind === 4) files.push({ path, modTime, mode: 0o010644 });
      else if (kind === 5 && first) files.push({ ...first, path, linkname: Buffer.from(first.path) });
      else if (kind > 5 && depth < 2) {
        files.push({ ...own, mode: random(2) ? DIRECTORY : 0o041770 });
        add(`${folder}${name}/`, depth + 1);
      }
    }
  };
  add('', 0);
  return files;
}

test('what is told of a folder without looking is what lies there, whatever changes', async () => {
  const seed = Date.now() & 0xffff;
  const random = numbers(seed);
  const at = join(root, String(number++));
  mkdirSync(at);
  // Some daemons die before they have written down what they know.
  const start = (indexAfterMs = random(2) === 0 ? 0 : 1e9) => ({
    indexAfterMs,
    folders: new ContextFolders({ root: at, log: nullLog, indexAfterMs }),
  });
  let daemon = start();
  for (let round = 0; round < 60; round++) {
    // Two states alternate with new ones, so that much is the same as before and much comes back.
    const files = draw(round % 3 === 0 ? numbers(round % 2) : random);
    const opened = await daemon.folders.open('key', sender(files).exchange);
    assert.deepEqual(told(opened), found(opened.path), `seed ${seed}, round ${round}`);
    for (const { path, modTime } of files) {
      const at = Buffer.concat([Buffer.from(`${opened.path}/`), Buffer.from(path)]);
      assert.equal(lstatSync(at, { bigint: true }).mtimeNs, modTime, `seed ${seed}, round ${round}`);
    }
    await opened[Symbol.asyncDispose]();
    if (random(3) > 0) continue;
    if (daemon.indexAfterMs === 0) await exists(`${opened.path}.index`);
    daemon = start();
  }
});

async function exists(path: string): Promise<void> {
  while (!existsSync(path)) await new Promise((turn) => setTimeout(turn, 5));
}

test('the next daemon knows a folder without looking, unless something was changing in it', async () => {
  const at = join(root, String(number++));
  mkdirSync(at);
  const next = () => new ContextFolders({ root: at, log: nullLog, indexAfterMs: 0 });
  const files: Sent[] = [
    { path: 'd', mode: DIRECTORY },
    {
      path: Buffer.from('d/caf\xe9\n', 'latin1'),
      content: 'hello',
      xattrs: new Map([['user.x', Buffer.from([0, 255])]]),
    },
    { path: 'hard', linkname: Buffer.from('d/caf\xe9\n', 'latin1'), content: 'hello' },
    { path: 'link', mode: LINK, linkname: 'd' },
  ];
  const first = await next().open('key', sender(files).exchange);
  const before = told(first);
  const index = `${first.path}.index`;
  await first[Symbol.asyncDispose]();
  await exists(index);
  // Nobody does that: it shows that nobody looked.
  const place = Buffer.concat([Buffer.from(`${first.path}/d/`), Buffer.from('caf\xe9\n', 'latin1')]);
  writeFileSync(place, 'HELLO');
  const again = sender(files);
  assert.deepEqual(told(await next().open('key', again.exchange)), before);
  assert.deepEqual(again.asked, []);
  // One whose folder is gone is not that of the next folder of its name.
  const stray = `${first.path.replace(/-0$/, '-1')}.index`;
  renameSync(index, stray);
  next();
  assert.ok(!existsSync(stray));
  await (await next().open('key', sender(files).exchange))[Symbol.asyncDispose]();
  await exists(index);
  // Half of what was written down is nothing.
  truncateSync(index, statSync(index).size - 3);
  const looked = await next().open('key', sender([]).exchange);
  assert.deepEqual(told(looked), []);
  assert.ok(!existsSync(index));
});

const many = (seed: number): Sent[] => [
  { path: 'd', mode: DIRECTORY },
  ...Array.from({ length: 60 }, (_, n) => {
    const size = n % 7 === 0 ? 0 : n === 13 ? 3_000_000 : n * 1111;
    const changed = n % 5 === 0 ? seed : 0;
    return { path: `d/${n}`, content: `${n}${changed}`.repeat(size), mode: 0o100640, modTime: BigInt(changed + 1) };
  }),
];

test('many and large files come as they are', async () => {
  const all = folders();
  for (const seed of [1, 1, 2]) {
    const { exchange, asked } = sender(many(seed));
    await using opened = await all.open('key', exchange);
    assert.deepEqual(told(opened), found(opened.path));
    if (seed === 2) assert.ok(asked.length > 0 && asked.length < 20);
  }
});

test('a file that cannot be written ends a transfer, and nothing is left', async () => {
  const at = join(root, String(number++));
  mkdirSync(at);
  const all = new ContextFolders({ root: at, log: nullLog });
  const { exchange } = sender(many(1));
  const pull: Exchange = {
    packets: exchange.packets,
    send: async (...packets) => {
      const isLate = packets.some(({ id = 0 }) => id > 50);
      const made = readdirSync(at).flatMap((boot) => readdirSync(join(at, boot)).map((name) => join(at, boot, name)));
      if (isLate) for (const folder of made) rmSync(join(folder, 'd'), { recursive: true, force: true });
      await exchange.send(...packets);
    },
  };
  await assert.rejects(all.open('key', pull), { code: 'ENOENT', syscall: 'open' });
  assert.deepEqual(all.list(), []);
});

test('a name of a file that came anew is a name of the new one', async () => {
  const all = folders();
  const link = { path: 'b', linkname: 'a', content: 'now' };
  const contents = async (files: Sent[]) => {
    await using opened = await all.open('key', sender(files).exchange);
    assert.deepEqual(told(opened), found(opened.path));
    return readFileSync(join(opened.path, 'b'), 'utf8');
  };
  // It changed while it was told: the second name has the new facts already.
  await contents([{ path: 'a', content: 'old', modTime: 1n }, link]);
  assert.equal(await contents([{ path: 'a', content: 'now' }, link]), 'now');
});

test('two builds at once have a folder each', async () => {
  const all = folders();
  const one = await all.open('key', sender([{ path: 'a', content: '1' }]).exchange);
  const two = await all.open('key', sender([{ path: 'a', content: '2' }]).exchange);
  assert.notEqual(one.path, two.path);
  assert.equal(readFileSync(join(one.path, 'a'), 'utf8'), '1');
});

const refused = async (files: Sent[], then: Partial<Packet>[], text: RegExp) => {
  const all = folders();
  await assert.rejects(
    all.open('key', sender(files, then).exchange),
    (error: Error) => error instanceof EngineError && text.test(error.message),
  );
  assert.deepEqual(all.list(), []);
};

test('tricks are refused and leave nothing', async () => {
  const end = [{ type: PACKET.stat }];
  for (const path of ['../x', '/x', 'a/../x', '.', '', 'a//b', 'a\0b', 'x'.repeat(300)]) {
    await refused([{ path: 'a', mode: DIRECTORY }, { path }], end, /invalid path/);
  }
  await refused([{ path: 'l', mode: LINK, linkname: '/etc' }, { path: 'l/x' }], end, /before its directory/);
  await refused([{ path: 'missing/x' }], end, /before its directory/);
  await refused([{ path: 'a' }, { path: 'a' }], end, /twice/);
  await refused([{ path: 'h', linkname: '/etc/passwd' }], end, /hard link/);
  await refused([], [{ type: PACKET.data, id: 3, data: Buffer.from('x') }], /nobody asked/);
  await refused([], [{ type: PACKET.error, data: Buffer.from('gone') }], /error from sender: gone/);
  await refused([], [{ type: PACKET.fin }], /finished before/);
});

test('small files are read into memory', async () => {
  const files = await receiveSmall(
    sender([
      { path: 'Dockerfile', content: 'FROM scratch' },
      { path: 'l', mode: LINK, linkname: 'x' },
    ]).exchange,
  );
  assert.deepEqual(
    [...files].map(([path, bytes]) => [path, bytes.toString()]),
    [['Dockerfile', 'FROM scratch']],
  );
});

test('modes of Go and of the kernel say the same', () => {
  for (const mode of [0o100644, 0o104755, 0o041777, 0o120777, 0o060660, 0o020620, 0o010600, 0o140755]) {
    assert.equal(toStMode(toGoMode(mode)), mode);
  }
});
