import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { request } from 'node:http';
import { entry } from '../../crash/archive.ts';

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

/** A tar of what a shell script makes in an empty folder, on top of a root with busybox. */
export function rootTar(base: Buffer, script: string): Buffer {
  const commands = `set -e; root=$(mktemp -d); trap 'rm -rf "$root"' EXIT; tar -C "$root" -x; cd "$root"; ${script}
    tar --numeric-owner --sort=name -Sc .`;
  return execFileSync('bash', ['-c', commands], { input: base, maxBuffer: 1 << 28 });
}

/** Loads an image of one layer with this configuration; answers with what the daemon said. */
export function loadImage(socket: string, layer: Buffer, image: { name: string; config: object }): Promise<string> {
  const document = Buffer.from(
    JSON.stringify({
      architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
      os: 'linux',
      config: { Env: ['PATH=/bin'], ...image.config },
      rootfs: { type: 'layers', diff_ids: [`sha256:${sha256(layer)}`] },
    }),
  );
  const manifest = Buffer.from(
    JSON.stringify([{ Config: 'c.json', RepoTags: [`${image.name}:latest`], Layers: ['l.tar'] }]),
  );
  const entries = [entry('c.json', document), entry('l.tar', layer), entry('manifest.json', manifest)];
  const archive = Buffer.concat([...entries, Buffer.alloc(1024)]);
  return new Promise((resolve, reject) => {
    const sent = request(
      { socketPath: socket, method: 'POST', path: '/images/load?quiet=1', agent: false },
      (answer) => {
        let text = '';
        answer.on('data', (data) => {
          text += data;
        });
        answer.on('end', () => resolve(`${answer.statusCode} ${text}`));
      },
    );
    sent.on('error', reject);
    sent.end(archive);
  });
}
