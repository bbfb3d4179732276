import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { routes } from '#server';
import { commandProofs, compatibility, routeProofs } from './compatibility.ts';

test('every test that the page names is in the file it names', async () => {
  const proofs = [...routeProofs().values(), ...(await commandProofs()).values()];
  assert.ok(proofs.length > 150);
  const files = new Map<string, Set<string>>();
  for (const { file, test: name } of proofs) files.set(file, (files.get(file) ?? new Set()).add(name.split(' › ')[0]!));
  for (const [file, suites] of files) {
    const text = readFileSync(file, 'utf8');
    for (const suite of suites)
      assert.ok(text.includes(`describe('${suite}'`) || text.includes('describe(group'), suite);
    assert.match(text, /test\(each\.name,/);
  }
});

test('what is not there yet is not shown as working', async () => {
  const { text } = await compatibility();
  const [working = ''] = text.split('## Routes that are not there yet');
  const claimed = routes.filter(({ answers, method, path }) => answers && working.includes(`\`${method} ${path}\``));
  assert.deepEqual(claimed, []);
});
