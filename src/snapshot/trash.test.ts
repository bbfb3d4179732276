import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { nullLog } from '#log';
import { Trash } from './trash.ts';

const folder = mkdtempSync(join(tmpdir(), 'gantry-trash-'));
const kept = join(folder, 'kept');
mkdirSync(kept);
writeFileSync(join(kept, 'file'), '');
after(() => rmSync(folder, { recursive: true, force: true }));

/** A tree with files, deep folders, and a link that leads out. */
function plant(name: string): string {
  const path = join(folder, name);
  mkdirSync(join(path, Array(30).fill('deep').join('/')), { recursive: true });
  for (const size of [0, 300_000]) writeFileSync(join(path, `file-${size}`), Buffer.alloc(size));
  symlinkSync(kept, join(path, 'out'));
  chmodSync(join(path, 'deep'), 0o700);
  return path;
}

for (const count of [1, 12]) {
  test(`${count} discarded at once are out of sight at once and gone in the end, and nothing else`, async () => {
    const trash = new Trash(join(folder, `trash-${count}`), nullLog);
    const names = Array.from({ length: count }, (_, n) => `tree-${count}-${n}`);
    for (const path of names.map(plant)) assert.equal(trash.discard(path), true);
    assert.equal(trash.discard(join(folder, 'absent')), false);
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.startsWith('tree-')),
      [],
    );
    await trash.empty();
    assert.deepEqual(readdirSync(join(folder, `trash-${count}`)), []);
    assert.deepEqual(readdirSync(kept), ['file']);
  });
}

test('what a crash left is deleted too', async () => {
  const left = join(folder, 'left');
  mkdirSync(join(left, '1-2-3', 'a'), { recursive: true });
  await new Trash(left, nullLog).empty();
  assert.deepEqual(readdirSync(left), []);
});
