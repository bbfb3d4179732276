import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { entry } from '../test/crash/archive.ts';
import type { Engine, Pair } from './engines.ts';
import { output, timed } from './engines.ts';
import type { Row } from './statistics.ts';
import { inTurn } from './statistics.ts';

const ROUNDS = Number(process.env.IMAGE_ROUNDS ?? 5);
const LAYERS = 8;
const FILES = 2500;
const FILE_BYTES = 15_000;
const ms = { unit: 'ms', more: false } as const;

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** An image of eight layers, 300 MB and 20,000 files that pack to about half, as a docker-archive. */
function writeArchive(path: string, name: string): void {
  const file = openSync(path, 'w');
  const layers = Array.from({ length: LAYERS }, (_, i) => layerOf(i));
  const diffs = layers.map(sha256);
  const config = Buffer.from(
    JSON.stringify({
      architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
      os: 'linux',
      created: '2024-01-01T00:00:00Z',
      config: { Cmd: ['sh'] },
      rootfs: { type: 'layers', diff_ids: diffs.map((hex) => `sha256:${hex}`) },
      history: diffs.map(() => ({ created: '2024-01-01T00:00:00Z', created_by: 'bench' })),
    }),
  );
  const paths = diffs.map((hex) => `${hex}/layer.tar`);
  const manifest = Buffer.from(JSON.stringify([{ Config: 'config.json', RepoTags: [name], Layers: paths }]));
  for (const [i, layer] of layers.entries()) writeSync(file, entry(paths[i]!, layer));
  for (const part of [entry('config.json', config), entry('manifest.json', manifest), Buffer.alloc(1024)])
    writeSync(file, part);
  closeSync(file);
}

function layerOf(index: number): Buffer {
  const entries = Array.from({ length: FILES }, (_, i) => {
    const noise = randomBytes(FILE_BYTES / 2);
    const text = Buffer.alloc(FILE_BYTES / 2, `line ${i} of layer ${index}: the quick brown fox jumps over it\n`);
    return entry(`data/${index}/${i % 50}/file-${i}`, Buffer.concat([noise, text]));
  });
  return Buffer.concat([...entries, Buffer.alloc(1024)]);
}

const remove = (engine: Engine, name: string): void => {
  output(engine, 'sh', ['-c', `docker rmi -f ${name} || true`]);
};

/** Load and save, and with `BENCH_REGISTRY` (its host, `BENCH_REGISTRY_CLEAR` a command that empties it) push. */
export async function* images({ ours, theirs }: Pair): AsyncGenerator<Row> {
  const folder = mkdtempSync('/var/tmp/gantry-bench-images-');
  const { BENCH_REGISTRY: registry, BENCH_REGISTRY_CLEAR: clear } = process.env;
  const nameOf = (round: number) => `${registry ?? 'localhost:5000'}/bench/images:${round}`;
  const archiveOf = (round: number) => join(folder, `image-${round}.tar`);
  const name = nameOf(0);
  const rounds = Array.from({ length: ROUNDS + 1 }, (_, round) => round);
  const loaded = (engine: Engine, round = 0) => timed(engine, 'docker', ['load', '-i', archiveOf(round)]);
  const both = (work: (engine: Engine) => Promise<number>) =>
    inTurn(
      ROUNDS,
      () => work(ours),
      () => work(theirs),
    );
  try {
    // Another one each time, and none is removed: ext4 makes files slowly for minutes after thousands were deleted.
    for (const round of rounds) writeArchive(archiveOf(round), nameOf(round));
    const next = new Map<Engine, number>();
    const loads = await both(async (engine) => {
      const round = next.get(engine) ?? 0;
      next.set(engine, round + 1);
      execFileSync('sync');
      return await loaded(engine, round);
    });
    yield { what: 'docker load of 8 layers, 300 MB, 20,000 files', goal: '≥ 1.5×', ...loads, ...ms };
    const saves = await both((engine) => timed(engine, 'docker', ['save', '-o', join(folder, 'saved.tar'), name]));
    yield { what: 'docker save of the same', goal: '≥ 1.5×', ...saves, ...ms };
    if (!registry || !clear) return;
    const pushes = await both(async (engine) => {
      // What was packed for a push before must be packed again, as for an image that is new.
      remove(engine, name);
      await loaded(engine);
      execFileSync('sh', ['-c', clear]);
      return await timed(engine, 'docker', ['push', '-q', name]);
    });
    yield { what: 'docker push of the same, just loaded, to an empty registry', goal: '–', ...pushes, ...ms };
    const again = await both((engine) => {
      execFileSync('sh', ['-c', clear]);
      return timed(engine, 'docker', ['push', '-q', name]);
    });
    yield {
      what: 'docker push of the same, pulled or pushed before, to an empty registry',
      goal: '≥ 2×',
      ...again,
      ...ms,
    };
  } finally {
    for (const engine of [ours, theirs]) for (const round of rounds) remove(engine, nameOf(round));
    rmSync(folder, { recursive: true, force: true });
  }
}
