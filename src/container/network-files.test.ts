import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changeHosts } from './network-files.ts';

test('lines of ours come and go, lines of others stay where they are', () => {
  const before = '127.0.0.1\tlocalhost\n10.0.0.2\tme\n';
  const after = '127.0.0.1\tlocalhost\n10.0.1.2\tme\n';
  assert.equal(changeHosts(before, { before, after }), after);
  const edited = `${before}1.2.3.4 mine\n`;
  assert.equal(changeHosts(edited, { before, after }), '127.0.0.1\tlocalhost\n1.2.3.4 mine\n10.0.1.2\tme\n');
  assert.equal(changeHosts('', { before, after }), '10.0.1.2\tme\n');
  assert.equal(changeHosts('mine', { before, after: before }), 'mine\n');
});
