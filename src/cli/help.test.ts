import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { commandHelp, groupHelp, topHelp } from './help.ts';
import { findIn, findTop, table } from './table.ts';

const recorded = JSON.parse(readFileSync(new URL('./testdata/help.json', import.meta.url), 'utf8')) as Record<
  string,
  string
>;

test("every command's help is docker 28's", async (t) => {
  for (const [path, help] of Object.entries(recorded)) {
    await t.test(path, async () => {
      const [first = '', second] = path.split(' ');
      const entry = second === undefined ? findTop(first) : findIn(first, second);
      assert.ok(entry);
      const { command } = await entry.load();
      assert.equal(commandHelp('docker', `docker ${path}`, entry, command, 79), help);
    });
  }
});

test('a command of the table has a name, words for help, and flags without doubles', async () => {
  for (const entry of table) {
    const { command } = await entry.load();
    const names = command.flags.flatMap((flag) => [flag.name, ...(flag.short ? [`-${flag.short}`] : [])]);
    assert.deepEqual(names, [...new Set(names)], entry.name);
    assert.ok(entry.short.length > 0);
    assert.ok(command.operands.least <= command.operands.most);
  }
});

test('the help above the commands names every one of them that is not hidden', () => {
  const top = topHelp('gantry', '/root/.docker', 79);
  for (const entry of table) if (entry.top && !entry.hidden) assert.match(top, new RegExp(`^  ${entry.top} +\\S`, 'm'));
  assert.match(groupHelp('gantry', 'container'), /^ {2}ls +List containers$/m);
  assert.doesNotMatch(groupHelp('gantry', 'system'), /dial-stdio/);
});
