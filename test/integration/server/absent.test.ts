import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { routes } from '#server';
import { importImage } from '../../conformance/image.ts';
import { api } from '../../harness/api.ts';
import type { TestDaemon } from '../../harness/daemon.ts';
import { startDaemon } from '../../harness/daemon.ts';
import { exchange } from './raw-client.ts';

/** What the route table says is not there yet does answer so, for things that exist. */
let daemon: TestDaemon;
before(async () => {
  daemon = await startDaemon();
  await importImage(daemon.socket);
  const created = await api(daemon.socket, 'POST', '/containers/create?name=there', { Image: 'conformance' });
  assert.equal(created.status, 201);
});
after(() => daemon.destroy());

const nameOf = (path: string) =>
  path.startsWith('/images') ? 'conformance' : path.startsWith('/networks') ? 'bridge' : 'there';

for (const { method, path, answers } of routes) {
  if (answers === undefined) continue;
  test(`${method} ${path} answers ${answers}`, async () => {
    const body = '{}';
    const head = [`${method} ${path.replaceAll(/\{\w+\}/g, nameOf(path))} HTTP/1.1`, 'Host: d'];
    if (method === 'POST') head.push('Content-Type: application/json', `Content-Length: ${body.length}`);
    const bytes = Buffer.from(`${head.join('\r\n')}\r\n\r\n${method === 'POST' ? body : ''}`);
    const reply = await exchange(daemon.socket, bytes);
    assert.equal(reply.status, answers, reply.body);
    if (method !== 'HEAD') assert.match(reply.body, /^\{"message":"[^"]+/);
  });
}
