import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { NewEntry } from '#tar';
import { encodeEntry, paddingOf, TAR_END } from '#tar';
import { extract } from './extract.ts';

type Item = Omit<NewEntry, 'name' | 'linkName'> & { name: string; linkName?: string; content?: string };

async function* archive(...items: Item[]): AsyncGenerator<Buffer> {
  for (const { name, linkName = '', content = '', ...rest } of items) {
    const body = Buffer.from(content);
    const entry = { mode: rest.type === 'directory' ? 0o755 : 0o644, ...rest, size: body.length };
    yield encodeEntry({ ...entry, name: Buffer.from(name), linkName: Buffer.from(linkName) });
    yield body;
    yield paddingOf(body.length);
  }
  yield TAR_END;
}

const same = (name: Buffer) => name;

function place() {
  const root = mkdtempSync(join(tmpdir(), 'gantry-extract-'));
  const into = join(root, 'into');
  mkdirSync(into);
  writeFileSync(join(root, 'canary'), 'untouched');
  return { root, into, [Symbol.dispose]: () => rmSync(root, { recursive: true }) };
}

test('nothing of a hostile archive is written outside of the directory', async () => {
  const hostile: readonly (readonly Item[])[] = [
    [{ type: 'file', name: '../canary', content: 'x' }],
    [{ type: 'file', name: 'a/../../canary', content: 'x' }],
    [
      { type: 'symlink', name: 'out', linkName: '..' },
      { type: 'file', name: 'out/canary', content: 'x' },
    ],
    [
      { type: 'directory', name: 'd/' },
      { type: 'symlink', name: 'd/up', linkName: '../..' },
      { type: 'file', name: 'd/up/canary', content: 'x' },
    ],
    [{ type: 'hardlink', name: 'hard', linkName: '../canary' }],
    [
      { type: 'symlink', name: 'out', linkName: '..' },
      { type: 'hardlink', name: 'hard', linkName: 'out/canary' },
    ],
  ];
  for (const items of hostile) {
    using at = place();
    await assert.rejects(extract(archive(...items), at.into, same), /invalid entry name/, JSON.stringify(items));
    assert.equal(readFileSync(join(at.root, 'canary'), 'utf8'), 'untouched');
    assert.deepEqual(readdirSync(at.root).sort(), ['canary', 'into']);
  }
});

test('a link that the archive replaces by a directory is no link any more, one that is a file is replaced', async () => {
  using at = place();
  const items: Item[] = [
    { type: 'symlink', name: 'l', linkName: '../canary' },
    { type: 'file', name: 'l', content: 'inside' },
  ];
  await extract(archive(...items), at.into, same);
  assert.equal(readFileSync(join(at.into, 'l'), 'utf8'), 'inside');
  assert.equal(readFileSync(join(at.root, 'canary'), 'utf8'), 'untouched');
});

test('modes, times and names arrive; a read-only directory is filled first', async () => {
  using at = place();
  const mtime = { seconds: 1_234_567_890, nanoseconds: 0 };
  const items: Item[] = [
    { type: 'directory', name: 'd/', mode: 0o555, mtime },
    { type: 'file', name: 'd/f', mode: 0o4711, mtime, content: 'x' },
    { type: 'hardlink', name: 'd/g', linkName: 'd/f' },
  ];
  await extract(archive(...items), at.into, same);
  assert.equal(statSync(join(at.into, 'd')).mode & 0o7777, 0o555);
  assert.equal(statSync(join(at.into, 'd')).mtimeMs, 1_234_567_890_000);
  assert.equal(statSync(join(at.into, 'd/f')).mode & 0o7777, 0o4711);
  assert.equal(statSync(join(at.into, 'd/g')).ino, statSync(join(at.into, 'd/f')).ino);
});

test('a directory does not take the place of a file, nor a file that of a directory', async () => {
  using at = place();
  mkdirSync(join(at.into, 'd'));
  writeFileSync(join(at.into, 'f'), '');
  await assert.rejects(extract(archive({ type: 'file', name: 'd' }), at.into, same), /cannot overwrite directory "d"/);
  await assert.rejects(extract(archive({ type: 'directory', name: 'f/' }), at.into, same), /cannot overwrite non-dir/);
  assert.ok(existsSync(join(at.into, 'f')));
});
