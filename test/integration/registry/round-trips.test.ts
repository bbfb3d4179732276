import assert from 'node:assert/strict';
import { createReadStream, createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { after, before, describe, test } from 'node:test';
import { digestOf } from '#oci';
import { layerOf, RegistryDouble, TYPES } from '../../harness/registry.ts';
import { Engine } from '../image/engine.ts';
import { Others } from './others.ts';
import type { Rig } from './rig.ts';
import { startRig } from './rig.ts';

const OWN = process.arch === 'x64' ? 'amd64' : process.arch;
const FOREIGN = OWN === 'arm64' ? 'amd64' : 'arm64';
const ALL = ['--all', '--src-tls-verify=false', '--dest-tls-verify=false'];

let others: Others;
let rig: Rig;
let source: RegistryDouble;
const sides: Record<string, string> = {};
/** Digests of what the source has. */
const made: { index: string; own: string; docker: string; config: string } = {
  index: '',
  own: '',
  docker: '',
  config: '',
};

before(async () => {
  others = new Others();
  rig = await startRig();
  source = await RegistryDouble.open();
  sides["Debian's registry"] = await others.registry();
  sides["Gantry's registry"] = rig.address;
  const layers = [layerOf({ first: 'first' }), layerOf({ second: Buffer.alloc(200_000, 'second') })];
  const own = source.image('app', 'own', layers);
  const foreign = source.image('app', 'foreign', layers, { architecture: FOREIGN, packing: 'zstd' });
  const manifests = [
    { ...own, platform: { os: 'linux', architecture: OWN } },
    { ...foreign, platform: { os: 'linux', architecture: FOREIGN } },
  ];
  made.own = own.digest;
  made.index = source.manifest('app', '1', { schemaVersion: 2, mediaType: TYPES.index, manifests }, TYPES.index).digest;
  made.docker = dockerImage(layers);
  made.config = JSON.parse(source.manifests.get('app:own')!.bytes.toString()).config.digest;
});
after(async () => {
  await rig[Symbol.asyncDispose]();
  await source[Symbol.asyncDispose]();
  await others[Symbol.asyncDispose]();
});

/** The same image in Docker's own types; its digest. */
function dockerImage(layers: readonly Buffer[]): string {
  source.image('app', 'plain', layers);
  const { config, layers: descriptors } = JSON.parse(source.manifests.get('app:plain')!.bytes.toString());
  const document = {
    schemaVersion: 2,
    mediaType: TYPES.dockerManifest,
    config: { ...config, mediaType: TYPES.dockerConfig },
    layers: descriptors.map((layer: object) => ({ ...layer, mediaType: TYPES.dockerLayer })),
  };
  return source.manifest('app', 'docker', document, TYPES.dockerManifest).digest;
}

/** What a registry has under a name. */
async function digestAt(address: string, name: string, reference: string): Promise<string> {
  const accept = [TYPES.index, TYPES.manifest, TYPES.dockerManifest, TYPES.dockerList].join(', ');
  const answer = await fetch(`http://${address}/v2/${name}/manifests/${reference}`, { headers: { accept } });
  assert.equal(answer.status, 200, await answer.clone().text());
  return digestOf(Buffer.from(await answer.arrayBuffer()));
}

async function drain(lines: AsyncIterable<{ error?: string }>): Promise<void> {
  for await (const { error } of lines) assert.equal(error, undefined);
}

describe('an image keeps its digests', { timeout: 300_000 }, () => {
  for (const side of ["Debian's registry", "Gantry's registry"]) {
    test(`through skopeo, ${side} and archives of all platforms, there and back`, async () => {
      const address = sides[side]!;
      await using engine = new Engine();
      const archive = join(others.folder, 'all.tar');
      await others.skopeo('copy', ...ALL, `docker://${source.host}/app:1`, `docker://${address}/app:1`);
      assert.equal(await digestAt(address, 'app', '1'), made.index);
      await others.skopeo(
        'copy',
        ...ALL.slice(0, 2),
        `docker://${address}/app:1`,
        `oci-archive:${archive}:${address}/back:1`,
      );
      await drain(engine.images.load(createReadStream(archive)));
      const { target, id } = engine.images.resolve(`${address}/back:1`);
      assert.deepEqual([target.digest, id], [made.index, made.config]);
      await drain(engine.images.push(`${address}/back:1`, ''));
      assert.equal(await digestAt(address, 'back', '1'), made.index);
      assert.equal(await digestAt(address, 'back', made.own), made.own);

      const saved = join(others.folder, 'saved.tar');
      await pipeline(Readable.from(engine.images.save([`${address}/back:1`])), createWriteStream(saved));
      await others.skopeo(
        'copy',
        '--all',
        '--dest-tls-verify=false',
        `oci-archive:${saved}`,
        `docker://${address}/saved:1`,
      );
      assert.equal(await digestAt(address, 'saved', '1'), made.index);
    });

    for (const kind of ['own', 'docker'] as const) {
      test(`of ${kind === 'own' ? 'OCI' : 'Docker'}’s types, pulled from ${side}, pushed, and pulled by podman`, async () => {
        const address = sides[side]!;
        await using engine = new Engine();
        await others.skopeo('copy', ...ALL, `docker://${source.host}/app:${kind}`, `docker://${address}/${kind}:1`);
        await engine.pull(`${address}/${kind}`, '1');
        await engine.images.tag(`${address}/${kind}:1`, { repo: `${address}/${kind}-pushed`, tag: '1' });
        await drain(engine.images.push(`${address}/${kind}-pushed:1`, ''));
        assert.equal(await digestAt(address, `${kind}-pushed`, '1'), made[kind]);

        const name = `${address}/${kind}-pushed:1`;
        await others.podman('pull', '-q', '--tls-verify=false', name);
        const digests = await others.podman('image', 'inspect', '-f', '{{.RepoDigests}}', name);
        assert.ok(digests.includes(`${kind}-pushed@${made[kind]}`), digests);
        // podman packs anew what it pushes, and the image stays what it is.
        await others.podman('push', '-q', '--tls-verify=false', name, `docker://${address}/${kind}-podman:1`);
        await engine.pull(`${address}/${kind}-podman`, '1');
        assert.equal(engine.images.resolve(`${address}/${kind}-podman:1`).id, made.config);
      });
    }
  }

  test('saved, loaded and saved again by podman and Gantry', async () => {
    await using engine = new Engine();
    const [ours, theirs] = [join(others.folder, 'ours.tar'), join(others.folder, 'theirs.tar')];
    await engine.pull(`${source.host}/app`, 'own');
    const name = `${source.host}/app:own`;
    await pipeline(Readable.from(engine.images.save([name])), createWriteStream(ours));
    await others.podman('load', '-q', '-i', ours);
    assert.equal(`sha256:${await others.podman('image', 'inspect', '-f', '{{.Id}}', name)}`, made.config);
    await others.podman('save', '-q', '--format', 'docker-archive', '-o', theirs, name);
    await using other = new Engine();
    await drain(other.images.load(createReadStream(theirs)));
    assert.equal(other.images.resolve(name).id, made.config);
  });
});
