import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';
import { send } from '../../conformance/call.ts';
import { contextTar } from '../../conformance/context.ts';
import { Engine } from '../container/engine.ts';

/** ADD of archives and of what only looks like them. */
let engine: Engine;
before(async () => {
  engine = await Engine.open();
});
after(() => engine.daemon.purge());

const PROGRAMS = { plain: 'cat', gz: 'gzip', bz2: 'bzip2', xz: 'xz', zst: 'zstd' } as const;

async function build(files: Readonly<Record<string, string | Uint8Array>>): Promise<string> {
  const call = { method: 'POST', path: '/v1.50/build?networkmode=none', body: contextTar(files) };
  const { body } = await send(engine.daemon.socket, call, new Map());
  return (body as { stream?: string; error?: string }[]).map(({ stream, error }) => stream ?? error ?? '').join('');
}

test('ADD unpacks archives however they are packed; COPY, and what holds no archive, stays as it is', async () => {
  const tar = contextTar({ 'inside/file': 'found\n' });
  const files: Record<string, Uint8Array> = {};
  for (const [name, program] of Object.entries(PROGRAMS)) {
    files[`tar.${name}`] = execFileSync(program, { input: tar });
    files[`text.${name}`] = execFileSync(program, { input: 'no archive\n' });
  }
  files['broken.bz2'] = Buffer.from('BZh91AY&SY and so on');
  files['cut.xz'] = files['tar.xz']!.subarray(0, 40);
  const adds = Object.keys(files).map((name) => `ADD ${name} /added/${name}/`);
  const Dockerfile = `FROM conformance
${adds.join('\n')}
COPY tar.* /copied/
RUN cd /added && for f in $(find . -type f | sort) /copied/*; do echo "file $f $(sha256sum < $f)"; done
`;
  const text = await build({ ...files, Dockerfile });
  const seen = [...text.matchAll(/^file (\S+) (\w+)/gm)].map(([, path, digest]) => [path, digest]);
  const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
  const unpacked = Object.keys(PROGRAMS).map((name) => [`./tar.${name}/inside/file`, digest(Buffer.from('found\n'))]);
  const asTheyAre = Object.keys(files).filter((name) => !name.startsWith('tar.'));
  const copied = Object.keys(PROGRAMS).map((name) => [`/copied/tar.${name}`, digest(files[`tar.${name}`]!)]);
  const expected = [...unpacked, ...asTheyAre.map((name) => [`./${name}/${name}`, digest(files[name]!)]), ...copied];
  assert.deepEqual(seen.sort(), expected.sort(), text);
});
