import { createHash } from 'node:crypto';
import { busyboxTar } from '../conformance/image.ts';
import { entry } from '../crash/archive.ts';

/** Prints a docker-archive of layers/twelve: busybox, and on it one file `/layer-N` a layer, as many as asked for. */
const count = Number(process.argv[2] ?? 12);
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
const end = Buffer.alloc(1024);
const base = busyboxTar();
const layers = Array.from({ length: count }, (_, index) => {
  const file = Buffer.concat([entry(`layer-${index + 1}`, Buffer.from(`${index + 1}\n`)), end]);
  return index === 0 ? Buffer.concat([entry('layer-1', Buffer.from('1\n')), base]) : file;
});
const config = Buffer.from(
  JSON.stringify({
    architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
    os: 'linux',
    config: { Cmd: ['sh'], Env: ['PATH=/bin'] },
    rootfs: { type: 'layers', diff_ids: layers.map((layer) => `sha256:${sha256(layer)}`) },
  }),
);
const names = layers.map((layer) => `${sha256(layer)}/layer.tar`);
const manifest = [{ Config: `${sha256(config)}.json`, RepoTags: ['layers/twelve:latest'], Layers: names }];
const files = [
  entry(`${sha256(config)}.json`, config),
  ...layers.map((layer, index) => entry(names[index]!, layer)),
  entry('manifest.json', Buffer.from(JSON.stringify(manifest))),
];
process.stdout.write(Buffer.concat([...files, end]));
