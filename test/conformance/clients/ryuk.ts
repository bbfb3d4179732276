import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { send } from '../call.ts';

const SOURCE = resolve(import.meta.dirname, '../../fixtures/ryuk/ryuk.c');

/** Compiles the stand-in for testcontainers' reaper and imports it as an image of this name. */
export async function importRyuk(socket: string, name: string): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), 'gantry-ryuk-'));
  try {
    execFileSync('cc', ['-static', '-O2', '-o', join(root, 'ryuk'), SOURCE]);
    const body = execFileSync('tar', ['-C', root, '-c', '.'], { maxBuffer: 1 << 24 });
    const changes = encodeURIComponent('CMD ["/ryuk"]');
    const path = `/images/create?fromSrc=-&repo=${name}&tag=latest&changes=${changes}`;
    await send(socket, { method: 'POST', path, body }, new Map());
  } finally {
    rmSync(root, { recursive: true });
  }
}

/** Waits until no container that was left behind is there, at most a quarter of a minute. */
export async function reaped(socket: string): Promise<boolean> {
  const filters = encodeURIComponent(JSON.stringify({ label: ['left=behind'] }));
  const last = Date.now() + 15_000;
  for (;;) {
    const { body } = await send(
      socket,
      { method: 'GET', path: `/containers/json?all=1&filters=${filters}` },
      new Map(),
    );
    if (Array.isArray(body) && body.length === 0) return true;
    if (Date.now() > last) return false;
    await new Promise((wake) => setTimeout(wake, 100));
  }
}
