import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import type { NewEntry } from '#tar';
import { encodeEntry, paddingOf, TAR_END } from '#tar';
import { StatusError } from '../status-error.ts';

/** What `registry:2` has at this place. */
const CONFIG = `version: 0.1
log:
  fields:
    service: registry
storage:
  cache:
    blobdescriptor: inmemory
  filesystem:
    rootdirectory: /var/lib/registry
http:
  addr: :5000
  headers:
    X-Content-Type-Options: [nosniff]
`;

/** A program for whoever runs `registry garbage-collect …` in the container. */
const PROGRAM = `#!/usr/bin/node
require('/usr/lib/gantry/registry.js').main(process.argv.slice(2));
`;

const FOLDERS = [
  'etc',
  'etc/docker',
  'etc/docker/registry',
  'tmp',
  'usr',
  'usr/bin',
  'usr/lib',
  'usr/lib/gantry',
  'var',
];

/** An image, in the archive of `docker save`, that serves a registry as `registry:2` does, of this installation's files. */
export function* registryImage(installation: string, name: string): Generator<Buffer> {
  const layer = layerOf(installation);
  const hash = createHash('sha256');
  for (const piece of layer) hash.update(piece);
  const diff = hash.digest('hex');
  const config = Buffer.from(JSON.stringify(imageConfig(`sha256:${diff}`)));
  const id = createHash('sha256').update(config).digest('hex');
  const manifest = [{ Config: `${id}.json`, RepoTags: [name], Layers: [`${diff}/layer.tar`] }];
  yield* file('manifest.json', Buffer.from(JSON.stringify(manifest)));
  yield* file(`${id}.json`, config);
  const size = layer.reduce((sum, piece) => sum + piece.length, 0);
  yield encodeEntry({ type: 'directory', name: Buffer.from(`${diff}/`), mode: 0o755 });
  yield encodeEntry({ type: 'file', name: Buffer.from(`${diff}/layer.tar`), mode: 0o644, size });
  yield* layer;
  yield paddingOf(size);
  yield TAR_END;
}

function imageConfig(diffId: string) {
  const architecture = process.arch === 'x64' ? 'amd64' : process.arch;
  return {
    architecture,
    os: 'linux',
    created: '1970-01-01T00:00:00Z',
    config: {
      Entrypoint: ['/usr/bin/registry'],
      Cmd: ['/etc/docker/registry/config.yml'],
      Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
      ExposedPorts: { '5000/tcp': {} },
      Volumes: { '/var/lib/registry': {} },
      StopSignal: 'SIGTERM',
      Labels: { 'org.opencontainers.image.title': 'Gantry registry' },
    },
    history: [{ created: '1970-01-01T00:00:00Z', created_by: 'gantry registry image' }],
    rootfs: { type: 'layers', diff_ids: [diffId] },
  };
}

function layerOf(installation: string): Buffer[] {
  const bundle = join(installation, 'build', 'daemon', 'registry.js');
  if (!existsSync(bundle)) throw new StatusError(`${bundle} is not built: npm run build`, 1);
  const node = join(installation, 'node_modules', `node-linux-${process.arch}`, 'bin', 'node');
  const folders = new Set([...FOLDERS, 'var/lib', 'var/lib/registry']);
  const pieces: Buffer[] = [];
  const libraries = librariesOf(node);
  for (const path of libraries) {
    const parts = path.split('/').slice(1, -1);
    for (let i = 1; i <= parts.length; i++) folders.add(parts.slice(0, i).join('/'));
  }
  for (const folder of [...folders].sort()) {
    pieces.push(
      encodeEntry({ type: 'directory', name: Buffer.from(`${folder}/`), mode: folder === 'tmp' ? 0o1777 : 0o755 }),
    );
  }
  for (const path of libraries) pieces.push(...file(path.slice(1), readFileSync(realpathSync(path)), 0o755));
  pieces.push(...file('usr/bin/node', readFileSync(node), 0o755));
  pieces.push(...file('usr/bin/registry', Buffer.from(PROGRAM), 0o755));
  pieces.push(...file('usr/lib/gantry/registry.js', readFileSync(bundle)));
  pieces.push(...file('usr/lib/gantry/package.json', Buffer.from('{ "type": "commonjs" }\n')));
  pieces.push(...file('etc/docker/registry/config.yml', Buffer.from(CONFIG)));
  pieces.push(...file('etc/passwd', Buffer.from('root:x:0:0:root:/:/sbin/nologin\n')));
  pieces.push(TAR_END);
  return pieces;
}

/** The libraries of this host that the program is linked with, and its loader: the paths by which it looks for them. */
function librariesOf(program: string): string[] {
  const text = execFileSync('ldd', [program], { encoding: 'utf8', timeout: 10_000 });
  return [...text.matchAll(/(?:=> )?(\/\S+) \(0x/g)].map((match) => match[1]!);
}

function* file(name: string, bytes: Buffer, mode = 0o644): Generator<Buffer> {
  const entry: NewEntry = { type: 'file', name: Buffer.from(name), mode, size: bytes.length };
  yield encodeEntry(entry);
  yield bytes;
  yield paddingOf(bytes.length);
}
