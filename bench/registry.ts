import { execFileSync, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { unpack } from '../test/conformance/clients/debian.ts';
import { load } from './asker.ts';
import type { Row } from './statistics.ts';
import { inTurn, median } from './statistics.ts';

const ROUNDS = Math.min(Number(process.env.ROUNDS ?? 15), 15);
const GANTRYD = new URL('../bin/gantryd', import.meta.url).pathname;
const BLOB_BYTES = 512 << 20;
const TYPE = 'application/vnd.docker.distribution.manifest.v2+json';

/** A registry under measurement, with one image in it. */
interface Side {
  readonly port: number;
  readonly blob: string;
  readonly manifest: string;
}

/** Reading blobs and manifests of our registry and of Debian's docker-registry, each on a folder with the same image. */
export async function* registry(): AsyncGenerator<Row> {
  const folder = mkdtempSync('/var/tmp/gantry-bench-');
  await using undo = new AsyncDisposableStack();
  undo.defer(() => rmSync(folder, { recursive: true, force: true }));
  const start = async (name: string, program: string, words: (port: number, root: string) => string[]) => {
    const port = await freePort();
    const child = spawn(program, words(port, join(folder, name)), { stdio: 'ignore' });
    undo.defer(() => void child.kill('SIGKILL'));
    await untilServing(port);
    return { port, ...(await fill(port)) };
  };
  const settings = join(folder, 'gantry.yml');
  writeFileSync(settings, 'version: 0.1\n');
  const ours = await start('gantry', GANTRYD, (port, root) => {
    return ['registry', 'serve', '--listen', `127.0.0.1:${port}`, '--root', root, settings];
  });
  const other = join(unpack('docker-registry', ['docker-registry']), 'usr/bin/docker-registry');
  const theirs = await start('debian', other, (port, root) => {
    const file = join(folder, 'debian.yml');
    const storage = { filesystem: { rootdirectory: root }, cache: { blobdescriptor: 'inmemory' } };
    // Both write a line for each request; neither line is read by anybody.
    writeFileSync(file, JSON.stringify({ version: 0.1, storage, http: { addr: `127.0.0.1:${port}` } }));
    return ['serve', file];
  });
  const sink = compileSink(folder);
  for (const [reader, clients, program] of [
    ['one that throws it away', 1, sink],
    ['four that do', 4, sink],
    ['curl', 1, 'curl'],
    ['4 curls', 4, 'curl'],
  ] as const) {
    const rates = await inTurn(
      ROUNDS,
      () => download(ours, clients, program),
      () => download(theirs, clients, program),
    );
    const what = `registry: GET of a blob of 512 MB by ${reader}`;
    yield { what, goal: '≥ 1.5×', ...rates, unit: 'MB/s', more: true };
  }
  const asked = { ours: await manifests(ours), theirs: await manifests(theirs) };
  for (let round = 1; round < 3; round++) {
    for (const [name, side] of Object.entries({ ours, theirs })) {
      asked[name as 'ours'].push(...(await manifests(side)));
      await setTimeout(200);
    }
  }
  const of = (pick: 'rate' | 'p99') => ({
    ours: median(asked.ours.map((each) => each[pick])),
    theirs: median(asked.theirs.map((each) => each[pick])),
  });
  yield {
    what: 'registry: GET of a manifest by its tag, 8 clients',
    goal: '≥ 1.5×',
    ...of('rate'),
    unit: 'requests/s',
    more: true,
  };
  yield { what: 'registry: the same, p99', goal: '≤ 1', ...of('p99'), unit: 'ms', more: false };
}

const manifests = async ({ port, manifest }: Side) => [await load({ host: '127.0.0.1', port }, () => manifest, TYPE)];

/**
 * A client that costs next to nothing: the kernel drops the bytes where they arrive (MSG_TRUNC of tcp(7)). On few cores any
 * other client is what is measured.
 */
const SINK = `
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
int main(int argc, char **argv) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int s = socket(AF_INET, SOCK_STREAM, 0);
  char head[512];
  int length = snprintf(head, sizeof head, "GET %s HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\n\\r\\n", argv[2]);
  if (connect(s, (struct sockaddr *)&to, sizeof to) || send(s, head, length, 0) != length) return 1;
  long all = 0, got;
  while ((got = recv(s, 0, 1 << 24, MSG_TRUNC)) > 0) all += got;
  return all < atol(argv[3]);
}
`;

function compileSink(folder: string): string {
  const program = join(folder, 'sink');
  execFileSync('cc', ['-O2', '-x', 'c', '-o', program, '-'], { input: SINK });
  return program;
}

/** MB/s of so many clients that read the whole blob at the same time. */
async function download({ port, blob }: Side, clients: number, program: string): Promise<number> {
  const began = performance.now();
  const words =
    program === 'curl'
      ? ['-sf', '-o', '/dev/null', `http://127.0.0.1:${port}${blob}`]
      : [String(port), blob, String(BLOB_BYTES)];
  const one = async () => {
    const child = spawn(program, words, { stdio: 'ignore' });
    const [code] = (await once(child, 'close')) as [number];
    if (code !== 0) throw new Error(`${program}: exit code ${code}`);
  };
  await Promise.all(Array.from({ length: clients }, one));
  return (clients * BLOB_BYTES) / 1e6 / ((performance.now() - began) / 1000);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

async function untilServing(port: number): Promise<void> {
  for (let i = 0; i < 500; i++) {
    const answer = await fetch(`http://127.0.0.1:${port}/v2/`).catch(() => undefined);
    if (answer?.ok) return;
    await setTimeout(20);
  }
  throw new Error(`no registry serves on port ${port}`);
}

/** Pushes an image of one large layer; tells the paths of its blob and its manifest. */
async function fill(port: number): Promise<{ blob: string; manifest: string }> {
  const push = async (bytes: Buffer, mediaType: string) => {
    const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
    const base = `http://127.0.0.1:${port}`;
    const begun = await fetch(`${base}/v2/bench/app/blobs/uploads/`, { method: 'POST' });
    const place = new URL(begun.headers.get('location')!, base);
    place.searchParams.set('digest', digest);
    const done = await fetch(place, { method: 'PUT', body: bytes as unknown as string });
    if (done.status !== 201) throw new Error(`push: ${done.status} ${await done.text()}`);
    return { mediaType, size: bytes.length, digest };
  };
  const config = await push(Buffer.from('{}'), 'application/vnd.docker.container.image.v1+json');
  const layer = await push(randomBytes(BLOB_BYTES), 'application/vnd.docker.image.rootfs.diff.tar.gzip');
  const manifest = `/v2/bench/app/manifests/latest`;
  const body = JSON.stringify({ schemaVersion: 2, mediaType: TYPE, config, layers: [layer] });
  const headers = { 'Content-Type': TYPE };
  const put = await fetch(`http://127.0.0.1:${port}${manifest}`, { method: 'PUT', body, headers });
  if (put.status !== 201) throw new Error(`push: ${put.status} ${await put.text()}`);
  return { blob: `/v2/bench/app/blobs/${layer.digest}`, manifest };
}
