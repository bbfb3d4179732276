import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { digestOf, MEDIA } from '#oci';
import type { StartOptions, Storage } from '#registry';
import { startRegistry } from '#registry';

const FOLDER = process.env.GANTRY_TEST_FOLDER ?? '/var/tmp';

type RigOptions = Omit<Partial<StartOptions>, 'storage'> & {
  readonly storage?: StartOptions['storage'] | ((folder: string) => Storage);
};

/** A registry on a folder of its own, and a client that sends one request at a time. */
export async function startRig({ storage, ...options }: RigOptions = {}) {
  const folder = mkdtempSync(join(FOLDER, 'gantry-test-registry-'));
  const place = () => (typeof storage === 'function' ? storage(folder) : (storage ?? folder));
  const start = () => startRegistry({ ...options, storage: place() });
  let running = await start();
  const call = (method: string, path: string, init: RequestInit & { duplex?: 'half' } = {}) =>
    fetch(new URL(path, `http://${running.address}`), { method, redirect: 'manual', ...init });
  return {
    folder,
    call,
    get registry() {
      return running.registry;
    },
    get port() {
      return running.port;
    },
    get address() {
      return running.address;
    },
    restart: async () => {
      await running[Symbol.asyncDispose]();
      running = await start();
    },
    [Symbol.asyncDispose]: async () => {
      await running[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export type Rig = Awaited<ReturnType<typeof startRig>>;

/** The first code of an error's answer. */
export async function codeOf(response: Response): Promise<string> {
  const { errors } = (await response.json()) as { errors: { code: string; message: string }[] };
  return errors[0]!.code;
}

/** Pushes a blob in one request. */
export async function pushBlob({ call }: Rig, name: string, bytes: string | Buffer) {
  const digest = digestOf(bytes);
  const answer = await call('POST', `/v2/${name}/blobs/uploads/?digest=${digest}`, {
    body: bytes as unknown as string,
  });
  if (answer.status !== 201) throw new Error(`${answer.status}: ${await answer.text()}`);
  return { mediaType: MEDIA.ociLayer, digest, size: Buffer.byteLength(bytes) };
}

/** Pushes an image of one layer; `more` are further fields of its manifest. */
export async function pushImage(rig: Rig, name: string, tag: string | undefined, more: object = {}) {
  const config = { ...(await pushBlob(rig, name, '{}')), mediaType: MEDIA.ociConfig };
  const layer = await pushBlob(rig, name, `layer of ${tag}`);
  const document = { schemaVersion: 2, mediaType: MEDIA.ociManifest, config, layers: [layer], ...more };
  const body = JSON.stringify(document);
  const digest = digestOf(body);
  const answer = await rig.call('PUT', `/v2/${name}/manifests/${tag ?? digest}`, {
    body,
    headers: { 'Content-Type': document.mediaType },
  });
  if (answer.status !== 201) throw new Error(`${answer.status}: ${await answer.text()}`);
  return { digest, body, layer, answer, descriptor: { mediaType: MEDIA.ociManifest, digest, size: body.length } };
}
