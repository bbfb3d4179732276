import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Duplex } from 'node:stream';
import { test } from 'node:test';
import { forwardAgent } from './ssh.ts';

test('each connection is joined with the client’s agent, and ends with the step', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gantry-agent-'));
  const path = join(folder, 'agent');
  const asked: string[] = [];
  const ssh = async (id: string) => {
    asked.push(id);
    return new Duplex({
      read() {},
      write(chunk: Buffer, _, done) {
        this.push(`heard ${chunk}`);
        done();
      },
    });
  };
  const { uid, gid } = statSync(folder);
  const forwarding = await forwardAgent({ ssh }, { path, id: 'default', uid, gid, mode: 0o600 });
  try {
    assert.equal(statSync(path).mode & 0o777, 0o600);
    const connection = createConnection(path);
    connection.write('question');
    assert.equal(String((await once(connection, 'data'))[0]), 'heard question');
    assert.deepEqual(asked, ['default']);
    const closed = once(connection, 'close');
    await forwarding[Symbol.asyncDispose]();
    await closed;
  } finally {
    rmSync(folder, { recursive: true });
  }
});
