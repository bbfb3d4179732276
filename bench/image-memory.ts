import { spawn } from 'node:child_process';
import { createCipheriv, createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { encodeEntry, TAR_END } from '#tar';
import { api } from '../test/harness/api.ts';
import type { Behaviour } from '../test/harness/registry.ts';
import { RegistryDouble, TYPES } from '../test/harness/registry.ts';
import type { Engine, Pair } from './engines.ts';
import { output } from './engines.ts';
import type { Row } from './statistics.ts';

const MB = 1e6;
const READERS = 50;
const SHARED_BYTES = 100 * MB;
const LAYERS = 4;
const LAYER_BYTES = 500 * MB;
const MANIFEST_BYTES = 300 * MB;
const PUT_BYTES = 1000 * MB;
const ADDRESS = '127.0.0.1:5099';
const CHUNK = Buffer.alloc(1 << 20, ' ');

/** What images cost in memory: the cache of files that containers share, and the daemon while bytes come. */
export async function* imageMemory({ ours, theirs }: Pair): AsyncGenerator<Row> {
  const mb = { unit: 'MB', more: false } as const;
  const none = { theirs: Number.NaN, ...mb };
  const cache = { ours: await sharedCache(ours), theirs: await sharedCache(theirs) };
  yield { what: 'page cache of 50 containers that read 100 MB of their image', goal: '≈ 100 MB', ...cache, ...mb };
  const pulling = await peak(ours.daemon.pid(), () => pullLarge(ours));
  yield { what: 'peak of the daemon while it pulls 2 GB (RSS)', goal: '< 250 MB', ours: pulling, ...none };
  const lied = await peak(ours.daemon.pid(), () => pullManifest(ours));
  yield { what: 'peak of the daemon at a manifest of 300 MB (RSS)', goal: '< 250 MB', ours: lied, ...none };
  yield {
    what: 'peak of the registry at a PUT of a manifest of 1 GB (RSS)',
    goal: '< 250 MB',
    ours: await putManifest(),
    ...none,
  };
}

/** MB that a process had at most while the work was done. */
async function peak(pid: number, work: () => Promise<unknown>): Promise<number> {
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
  await work();
  return (Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) * 1024) / MB;
}

/** MB of page cache that the kernel counts for all readers of one file together. */
async function sharedCache(engine: Engine): Promise<number> {
  const make = `dd if=/dev/urandom of=/shared bs=1000000 count=${SHARED_BYTES / MB} 2>/dev/null`;
  output(engine, 'docker', ['run', '--name', 'bench-maker', 'conformance', 'sh', '-c', make]);
  output(engine, 'docker', ['commit', 'bench-maker', 'bench-shared']);
  output(engine, 'docker', ['rm', 'bench-maker']);
  const script = 'until [ -e /go ]; do sleep 0.2; done; cat /shared >/dev/null; touch /done; sleep 1000';
  const start = () => output(engine, 'docker', ['run', '-d', '--network', 'none', 'bench-shared', 'sh', '-c', script]);
  const ids = Array.from({ length: READERS }, start);
  // What the unpacking left in the cache is counted elsewhere.
  writeFileSync('/proc/sys/vm/drop_caches', '1');
  for (const id of ids) output(engine, 'docker', ['exec', id, 'touch', '/go']);
  for (const id of ids) output(engine, 'docker', ['exec', id, 'sh', '-c', 'until [ -e /done ]; do sleep 0.1; done']);
  const counted = await Promise.all(ids.map((id) => cacheOf(engine, id)));
  output(engine, 'docker', ['rm', '-f', ...ids]);
  output(engine, 'docker', ['rmi', 'bench-shared']);
  return counted.reduce((sum, bytes) => sum + bytes, 0) / MB;
}

async function cacheOf({ socket }: Engine, id: string): Promise<number> {
  const { body } = await api(socket, 'GET', `/containers/${id}/stats?stream=0&one-shot=1`);
  const { stats } = (body as { memory_stats: { stats: { total_cache?: number; file?: number } } }).memory_stats;
  return stats.total_cache ?? stats.file ?? Number.NaN;
}

/** Layers that do not shrink, made anew for each who asks. */
async function pullLarge({ socket }: Engine): Promise<void> {
  await using registry = await RegistryDouble.open();
  const layers = Array.from({ length: LAYERS }, (_, i) => describeLayer(i));
  const rootfs = { type: 'layers', diff_ids: layers.map(({ digest }) => digest) };
  const config = registry.blob(
    Buffer.from(JSON.stringify({ architecture: 'amd64', os: 'linux', rootfs })),
    TYPES.config,
  );
  registry.manifest('large', 'latest', { schemaVersion: 2, mediaType: TYPES.manifest, config, layers });
  registry.behaviour = async ({ url, method }, response) => {
    const index = layers.findIndex(({ digest }) => url!.endsWith(digest));
    if (index < 0 || method !== 'GET') return false;
    response.setHeader('content-length', layers[index]!.size);
    for (const piece of layerBytes(index))
      if (!response.write(piece)) await new Promise((wake) => response.once('drain', wake));
    response.end();
    return true;
  };
  const path = `/images/create?fromImage=${registry.host}/large&tag=latest`;
  const { body } = await api(socket, 'POST', path, undefined, 600_000);
  if (!String(body).includes('Downloaded newer image')) throw new Error(String(body).slice(-500));
  await api(socket, 'DELETE', `/images/${registry.host}/large`);
}

function describeLayer(index: number) {
  const hash = createHash('sha256');
  let size = 0;
  for (const piece of layerBytes(index)) {
    hash.update(piece);
    size += piece.length;
  }
  return { mediaType: `${TYPES.layer.replace('+gzip', '')}`, digest: `sha256:${hash.digest('hex')}`, size };
}

function* layerBytes(index: number): Generator<Buffer> {
  yield encodeEntry({ type: 'file', name: Buffer.from(`large-${index}`), size: LAYER_BYTES, mode: 0o644 });
  const cipher = createCipheriv('aes-256-ctr', Buffer.alloc(32, index), Buffer.alloc(16));
  for (let left = LAYER_BYTES; left > 0; left -= CHUNK.length) yield cipher.update(CHUNK.subarray(0, left));
  yield Buffer.alloc((512 - (LAYER_BYTES % 512)) % 512);
  yield TAR_END;
}

/** A registry that answers with a manifest of spaces. */
async function pullManifest({ socket }: Engine): Promise<void> {
  await using registry = await RegistryDouble.open();
  registry.behaviour = flood;
  const { body } = await api(
    socket,
    'POST',
    `/images/create?fromImage=${registry.host}/x&tag=latest`,
    undefined,
    120_000,
  );
  if (!/error|message/.test(JSON.stringify(body))) throw new Error(`taken: ${JSON.stringify(body)}`);
}

const flood: Behaviour = async ({ url }, response) => {
  if (!url!.includes('/manifests/')) return false;
  response.writeHead(200, { 'content-type': TYPES.manifest });
  for (let sent = 0; sent < MANIFEST_BYTES && !response.destroyed; sent += CHUNK.length) {
    if (!response.write(CHUNK))
      await Promise.race(['drain', 'close'].map((name) => new Promise((wake) => response.once(name, wake))));
  }
  response.end();
  return true;
};

/** A registry of its own that is sent a manifest without end; its peak in MB. */
async function putManifest(): Promise<number> {
  const folder = mkdtempSync('/var/tmp/gantry-bench-registry-');
  const gantryd = new URL('../bin/gantryd', import.meta.url).pathname;
  // A configuration of its own: the host may have one at registry:2's place.
  const config = join(folder, 'config.yml');
  writeFileSync(config, `version: 0.1\nstorage:\n  filesystem:\n    rootdirectory: ${join(folder, 'data')}\n`);
  const server = spawn(gantryd, ['registry', 'serve', '--listen', ADDRESS, config], { stdio: 'ignore' });
  try {
    while (!(await fetch(`http://${ADDRESS}/v2/`).catch(() => undefined))?.ok)
      await new Promise((wake) => setTimeout(wake, 100));
    return await peak(server.pid!, () => putSpaces(`http://${ADDRESS}/v2/x/manifests/latest`));
  } finally {
    server.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function putSpaces(url: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const sending = request(url, {
      method: 'PUT',
      headers: { 'content-type': TYPES.manifest, 'content-length': PUT_BYTES },
    });
    sending.on('response', (answer) => {
      answer.resume();
      if (answer.statusCode !== 413 && answer.statusCode !== 400) reject(new Error(`answered ${answer.statusCode}`));
      answer.on('end', () => sending.destroy());
    });
    sending.on('error', () => {});
    sending.on('close', resolve);
    void write(sending);
  });
}

async function write(sending: import('node:http').ClientRequest): Promise<void> {
  for (let sent = 0; sent < PUT_BYTES && !sending.destroyed; sent += CHUNK.length) {
    if (!sending.write(CHUNK.subarray(0, PUT_BYTES - sent))) {
      await Promise.race(['drain', 'close'].map((name) => new Promise((wake) => sending.once(name, wake))));
    }
  }
  sending.end();
}
