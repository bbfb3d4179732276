import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Server, warmUp } from './index.ts';
import { EchoEngine, testDeps } from './testing.ts';

test('warming up runs requests and leaves nothing behind', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gantry-warm-'));
  const path = join(folder, 'api.sock');
  const engine = new EchoEngine();
  const server = new Server(testDeps(engine));
  await server.listen([`unix://${path}`], { group: String(process.getgid!()) });
  await warmUp(path);
  assert.deepEqual(engine.list(), []);
  await server.close();
  await assert.rejects(warmUp(path));
  rmSync(folder, { recursive: true });
});
