import assert from 'node:assert/strict';
import { FrameDecoder } from '#api';
import { importImage } from '../../conformance/image.ts';
import { api } from '../../harness/api.ts';
import type { DaemonOptions, TestDaemon } from '../../harness/daemon.ts';
import { startDaemon } from '../../harness/daemon.ts';

/** A daemon with the image `conformance`. */
export async function startRig(options: DaemonOptions = {}): Promise<TestDaemon> {
  const daemon = await startDaemon(options);
  await importImage(daemon.socket);
  return daemon;
}

export interface Wish {
  readonly name: string;
  readonly driver: string;
  readonly options?: Readonly<Record<string, string>>;
  readonly command: string;
  readonly more?: Readonly<Record<string, unknown>>;
}

/** Creates and starts; the answer is the id. */
export async function run({ socket }: TestDaemon, { name, driver, options, command, more }: Wish): Promise<string> {
  const HostConfig = { NetworkMode: 'none', LogConfig: { Type: driver, Config: options ?? {} } };
  const body = { Image: 'conformance', Cmd: ['sh', '-c', command], HostConfig, ...more };
  const created = await api(socket, 'POST', `/containers/create?name=${name}`, body);
  assert.equal(created.status, 201, JSON.stringify(created.body));
  const started = await api(socket, 'POST', `/containers/${name}/start`);
  assert.equal(started.status, 204, JSON.stringify(started.body));
  return (created.body as { Id: string }).Id;
}

export async function ended({ socket }: TestDaemon, name: string): Promise<void> {
  assert.equal((await api(socket, 'POST', `/containers/${name}/wait`)).status, 200);
}

/** What `docker logs` shows. */
export async function logged({ socket }: TestDaemon, name: string, query = ''): Promise<string> {
  const answer = await fetchBytes(socket, `/containers/${name}/logs?stdout=1&stderr=1${query}`);
  return Buffer.concat(new FrameDecoder().push(answer).map(({ data }) => data)).toString();
}

async function fetchBytes(socketPath: string, path: string): Promise<Buffer> {
  const { request } = await import('node:http');
  return await new Promise((resolve, reject) => {
    const asked = request({ socketPath, path, agent: false }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () => resolve(Buffer.concat(chunks)));
      answer.on('error', reject);
    });
    asked.on('error', reject);
    asked.end();
  });
}
