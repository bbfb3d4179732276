import { createHash } from 'node:crypto';

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

/** A docker-archive of one image with one layer, as `docker save` writes it. */
export function dockerArchive(layer: Buffer, reference: string): Buffer {
  const config = Buffer.from(
    JSON.stringify({
      architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
      os: 'linux',
      created: '2020-01-01T00:00:00Z',
      config: { Cmd: ['sh'], Env: ['PATH=/bin'], Labels: { reference } },
      rootfs: { type: 'layers', diff_ids: [`sha256:${sha256(layer)}`] },
      history: [{ created: '2020-01-01T00:00:00Z', created_by: 'test' }],
    }),
  );
  const names = { config: `${sha256(config)}.json`, layer: `${sha256(layer)}/layer.tar` };
  const manifest = Buffer.from(
    JSON.stringify([{ Config: names.config, RepoTags: [reference], Layers: [names.layer] }]),
  );
  const entries = [entry(names.config, config), entry(names.layer, layer), entry('manifest.json', manifest)];
  return Buffer.concat([...entries, Buffer.alloc(1024)]);
}

/** One file of a ustar archive. */
export function entry(name: string, body: Buffer): Buffer {
  const head = Buffer.alloc(512);
  head.write(name, 0, 100, 'latin1');
  const field = (value: number, at: number, length: number) =>
    head.write(value.toString(8).padStart(length - 1, '0'), at, length);
  field(0o644, 100, 8);
  field(0, 108, 8);
  field(0, 116, 8);
  field(body.length, 124, 12);
  field(0, 136, 12);
  head.fill(0x20, 148, 156);
  head.write('0ustar\x0000', 156, 'latin1');
  const sum = head.reduce((total, byte) => total + byte, 0);
  head.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 8, 'latin1');
  return Buffer.concat([head, body, Buffer.alloc((512 - (body.length % 512)) % 512)]);
}
