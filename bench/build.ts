import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Engine, Pair } from './engines.ts';
import { timed } from './engines.ts';
import type { Row } from './statistics.ts';
import { inTurn } from './statistics.ts';

const IMAGE = 'conformance';
const ms = { unit: 'ms', more: false } as const;
const ROUNDS = Math.min(7, Number(process.env.ROUNDS ?? 15));

/**
 * Builds through `docker buildx`, the same client for both; the docker CLI needs that plugin. BUILDS names parts, with
 * commas between them: all without it.
 */
export async function* build(pair: Pair): AsyncGenerator<Row> {
  const root = mkdtempSync(join(tmpdir(), 'gantry-bench-'));
  const wanted = process.env.BUILDS?.split(',');
  const parts = { steps: trivialSteps, rebuilds, stages, contexts, together };
  try {
    for (const [name, measure] of Object.entries(parts)) {
      if (!wanted || wanted.includes(name)) yield* measure(pair, root);
    }
  } finally {
    rmSync(root, { recursive: true });
  }
}

const once = (engine: Engine, folder: string, ...more: string[]) =>
  timed(engine, 'docker', ['buildx', 'build', '--progress', 'quiet', '--provenance', 'false', ...more, folder]);

const both = ({ ours, theirs }: Pair, work: (engine: Engine) => Promise<number>, rounds = ROUNDS) =>
  inTurn(
    rounds,
    () => work(ours),
    () => work(theirs),
  );

function project(root: string, name: string, dockerfile: string): string {
  const folder = join(root, name);
  mkdirSync(folder);
  writeFileSync(join(folder, 'Dockerfile'), dockerfile);
  return folder;
}

/** A number that no build saw before: a build argument that uses it is never cached. */
let fresh = Date.now();
const uncached = (): string[] => ['--build-arg', `FRESH=${fresh++}`];

async function* trivialSteps(pair: Pair, root: string): AsyncGenerator<Row> {
  const runs = Array.from({ length: 10 }, (_, n) => `RUN echo ${n} > /n`);
  const folder = project(root, 'trivial', [`FROM ${IMAGE}`, 'ARG FRESH', 'RUN echo $FRESH > /f', ...runs].join('\n'));
  yield {
    what: 'build of 10 trivial RUN steps',
    goal: '≥ 2.5×',
    ...(await both(pair, (e) => once(e, folder, ...uncached()))),
    ...ms,
  };
}

/** Four stages, thirty steps, 5,000 files. */
async function* rebuilds(pair: Pair, root: string): AsyncGenerator<Row> {
  const stage = (n: number) => [
    `FROM ${IMAGE} AS s${n}`,
    'WORKDIR /w',
    ...Array.from({ length: 4 }, (_, i) => `RUN echo ${n}.${i} > /w/${i}`),
  ];
  const last = [
    `FROM ${IMAGE}`,
    ...[0, 1, 2].map((n) => `COPY --from=s${n} /w /w${n}`),
    'COPY . /src',
    'RUN cat /src/0/0 > /first',
    'ENV A=b',
    'CMD ["true"]',
  ];
  const text = [...[0, 1, 2].flatMap(stage), ...last].join('\n');
  const folder = project(root, 'rebuild', text);
  for (let d = 0; d < 50; d++) {
    mkdirSync(join(folder, String(d)));
    for (let f = 0; f < 100; f++) writeFileSync(join(folder, String(d), String(f)), `${d}/${f}\n`.repeat(50));
  }
  yield {
    what: 'no-op rebuild of 4 stages with 5,000 files',
    goal: '≥ 3×',
    ...(await both(pair, (e) => once(e, folder))),
    ...ms,
  };
  const edited = (e: Engine) => {
    writeFileSync(join(folder, '0', '0'), String(fresh++));
    return once(e, folder);
  };
  yield { what: 'one source file changed, tail rebuilt', goal: '≥ 1.5×', ...(await both(pair, edited)), ...ms };
}

async function* stages(pair: Pair, root: string): AsyncGenerator<Row> {
  const stage = (n: number) => [
    `FROM ${IMAGE} AS s${n}`,
    'ARG FRESH',
    ...Array.from({ length: 8 }, (_, i) => `RUN echo $FRESH ${n}.${i} > /${i}`),
  ];
  const last = [`FROM ${IMAGE}`, ...[0, 1, 2, 3].map((n) => `COPY --from=s${n} /7 /${n}`)];
  const folder = project(root, 'stages', [...[0, 1, 2, 3].flatMap(stage), ...last].join('\n'));
  yield {
    what: 'cold build of 4 stages of 8 RUN steps each',
    goal: '≥ 1.5×',
    ...(await both(pair, (e) => once(e, folder, ...uncached()))),
    ...ms,
  };
}

/** 500 MB in 20,000 files: sent for the first time, then unchanged, then as a layer. */
async function* contexts(pair: Pair, root: string): AsyncGenerator<Row> {
  const folder = project(root, 'context', 'FROM scratch\nCOPY Dockerfile /\n');
  const script = 'cd "$1"; for d in $(seq 200); do mkdir $d; head -c 2500000 /dev/urandom | split -b 25000 - $d/; done';
  execFileSync('sh', ['-c', script, 'sh', folder]);
  writeFileSync(join(folder, 'Dockerfile'), 'FROM scratch\nCOPY . /\n');
  let copy = 0;
  const first = (e: Engine) => {
    const moved = join(root, `moved-${copy++}`);
    cpSync(folder, moved, { recursive: true });
    writeFileSync(join(moved, 'fresh'), String(fresh++));
    return once(e, moved).finally(() => rmSync(moved, { recursive: true }));
  };
  yield {
    what: 'context of 500 MB in 20,000 files, first time, with its layer',
    goal: '≥ 1×',
    ...(await both(pair, first, 2)),
    ...ms,
  };
  yield { what: 'the same unchanged', goal: '≥ 1.5×', ...(await both(pair, (e) => once(e, folder), 3)), ...ms };
  const big = project(
    root,
    'layer',
    `FROM ${IMAGE}\nARG FRESH\nRUN echo $FRESH; head -c 300000000 /dev/urandom > /big\n`,
  );
  yield {
    what: 'build and export of a 300 MB layer',
    goal: '≥ 1.5×',
    ...(await both(pair, (e) => once(e, big, ...uncached()), 3)),
    ...ms,
  };
}

async function* together(pair: Pair, root: string): AsyncGenerator<Row> {
  const runs = Array.from({ length: 4 }, (_, n) => `RUN echo $FRESH ${n} > /n; sleep 0.2`);
  const folder = project(root, 'together', [`FROM ${IMAGE}`, 'ARG FRESH', ...runs].join('\n'));
  const four = async (e: Engine) => {
    const args = uncached();
    const began = performance.now();
    await Promise.all(Array.from({ length: 4 }, () => once(e, folder, ...args)));
    return performance.now() - began;
  };
  yield {
    what: '4 builds at once of the same Dockerfile',
    goal: 'the work of one',
    ...(await both(pair, four, 3)),
    ...ms,
  };
}
