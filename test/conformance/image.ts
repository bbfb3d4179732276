import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { send } from './call.ts';

/** A tar of a small root made of the host's static busybox. */
export function busyboxTar(): Buffer {
  const root = mkdtempSync(join(tmpdir(), 'gantry-image-'));
  try {
    for (const folder of ['bin', 'etc', 'tmp']) mkdirSync(join(root, folder));
    copyFileSync('/bin/busybox', join(root, 'bin/busybox'));
    const applets = execFileSync('/bin/busybox', ['--list'], { encoding: 'utf8' }).trim().split('\n');
    for (const applet of applets) if (applet !== 'busybox') symlinkSync('busybox', join(root, 'bin', applet));
    writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000::/home/user:/bin/sh\n');
    writeFileSync(join(root, 'etc/group'), 'root:x:0:\nuser:x:1000:\nextra:x:2000:user\n');
    return execFileSync('tar', ['-C', root, '--sort=name', '--owner=0', '--group=0', '--mtime=@0', '-c', '.'], {
      maxBuffer: 1 << 26,
    });
  } finally {
    rmSync(root, { recursive: true });
  }
}

/** Imports it as conformance:latest with a command and PATH, so that every engine under test has the same image. */
export function importImage(socket: string): Promise<void> {
  return importAs(socket, 'conformance');
}

/** The same under another name, for those who share an engine. */
export async function importAs(socket: string, name: string): Promise<void> {
  const none = new Map<string, string>();
  await send(socket, { method: 'DELETE', path: `/images/${name}?force=1` }, none);
  const changes = ['CMD ["sh"]', 'ENV PATH=/bin', `LABEL made-by=${name}`].map(
    (c) => `&changes=${encodeURIComponent(c)}`,
  );
  const path = `/images/create?fromSrc=-&repo=${name}&tag=latest${changes.join('')}`;
  const answer = await send(socket, { method: 'POST', path, body: busyboxTar() }, none);
  // What an earlier import left nameless would show in lists.
  const nameless = encodeURIComponent(JSON.stringify({ dangling: ['true'], label: [`made-by=${name}`] }));
  await send(socket, { method: 'POST', path: `/images/prune?filters=${nameless}` }, none);
  if (answer.status !== 200) throw new Error(`import failed: ${JSON.stringify(answer)}`);
}

/** A docker-archive of one image with one small layer; without tags when there are none. */
export function dockerArchive(tags: readonly string[]): Buffer {
  const root = mkdtempSync(join(tmpdir(), 'gantry-archive-'));
  const pack = (...files: string[]) =>
    execFileSync('tar', ['-C', root, '--sort=name', '--owner=0', '--group=0', '--mtime=@0', '-c', ...files]);
  try {
    writeFileSync(join(root, 'hello'), 'hello\n');
    const layer = pack('hello');
    const diffId = `sha256:${createHash('sha256').update(layer).digest('hex')}`;
    const config = { architecture: 'amd64', os: 'linux', config: {}, rootfs: { type: 'layers', diff_ids: [diffId] } };
    writeFileSync(join(root, 'layer.tar'), layer);
    writeFileSync(join(root, 'config.json'), JSON.stringify(config));
    const manifest = [{ Config: 'config.json', RepoTags: tags, Layers: ['layer.tar'] }];
    writeFileSync(join(root, 'manifest.json'), JSON.stringify(manifest));
    return pack('config.json', 'layer.tar', 'manifest.json');
  } finally {
    rmSync(root, { recursive: true });
  }
}
