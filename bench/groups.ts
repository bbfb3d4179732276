import { request } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import { build } from './build.ts';
import { commit } from './commit.ts';
import { compose, reboot, stop } from './cycle.ts';
import type { Engine, Pair } from './engines.ts';
import { output, parents, pss, timed } from './engines.ts';
import { imageMemory } from './image-memory.ts';
import { images } from './images.ts';
import { reads, stats } from './observe.ts';
import { pull } from './pull.ts';
import { runRaw } from './raw.ts';
import { registry } from './registry.ts';
import type { Row } from './statistics.ts';
import { inTurn, median } from './statistics.ts';
import { logs, streams } from './streams.ts';

const ROUNDS = Number(process.env.ROUNDS ?? 15);
const IMAGE = 'conformance';
/** For the memory of idle containers: how many before it is looked, how many then, and how long the engine rests. */
const WARM = 100;
const IDLE = 150;
const REST_MS = 15_000;

type Group = (pair: Pair) => AsyncGenerator<Row>;
const ms = { unit: 'ms', more: false } as const;

/** Both sides do the same thing with their own engine. */
const both = ({ ours, theirs }: Pair, work: (engine: Engine) => Promise<number>, rounds = ROUNDS) =>
  inTurn(
    rounds,
    () => work(ours),
    () => work(theirs),
  );

async function* run(pair: Pair): AsyncGenerator<Row> {
  const goals = { bridge: '≥ 8×', host: '≥ 5.3×', none: '≥ 4.7×' };
  for (const [network, goal] of Object.entries(goals)) {
    const args = ['run', '--rm', '--network', network, IMAGE, 'true'];
    yield { what: `docker run --rm, ${network}`, goal, ...(await both(pair, (e) => timed(e, 'docker', args))), ...ms };
  }
  const detached = (e: Engine) => timed(e, 'docker', ['run', '-d', IMAGE, 'sleep', '1000']);
  const removed = (e: Engine) => timed(e, 'docker', ['rm', '-f', output(e, 'docker', ['ps', '-lq'])]);
  const starts = await both(pair, async (e) => {
    const time = await detached(e);
    await removed(e);
    return time;
  });
  yield { what: 'docker run -d', goal: '≥ 6×', ...starts, ...ms };
  const removals = await both(pair, async (e) => {
    await detached(e);
    return await removed(e);
  });
  yield { what: 'docker rm -f of a running container', goal: '≥ 6.5×', ...removals, ...ms };
  for (const engine of [pair.ours, pair.theirs])
    output(engine, 'docker', ['run', '-d', '--name', 'bench', IMAGE, 'sleep', '1000']);
  const execs = await both(pair, (e) => timed(e, 'docker', ['exec', 'bench', 'true']));
  for (const engine of [pair.ours, pair.theirs]) output(engine, 'docker', ['rm', '-f', 'bench']);
  yield { what: 'docker exec C true', goal: '≥ 2.8×', ...execs, ...ms };
}

async function* raw(pair: Pair): AsyncGenerator<Row> {
  const one = await both(pair, (e) => runRaw(e.socket, 'bridge'));
  yield { what: 'create … removed over a raw socket', goal: '≥ 7×', ...one, ...ms };
}

async function* many(pair: Pair): AsyncGenerator<Row> {
  const rate = { unit: 'containers/s', more: true } as const;
  const viaCli = await both(pair, (e) => eight(() => timed(e, 'docker', ['run', '--rm', IMAGE, 'true'])), 1);
  yield { what: '8 clients, 200 containers, docker CLI', goal: '≥ 5×', ...viaCli, ...rate };
  const viaSocket = await both(pair, (e) => eight(() => runRaw(e.socket, 'bridge')), 1);
  yield { what: '8 clients, 200 containers, raw socket', goal: '≥ 10×', ...viaSocket, ...rate };
}

/** 200 runs by eight clients at once; returns runs per second. */
async function eight(once: () => Promise<number>): Promise<number> {
  const started = performance.now();
  let left = 200;
  const client = async () => {
    while (left-- > 0) await once();
  };
  await Promise.all(Array.from({ length: 8 }, client));
  return 200 / ((performance.now() - started) / 1000);
}

async function* idleMemory(pair: Pair): AsyncGenerator<Row> {
  const { ours, theirs } = pair;
  const kB = { unit: 'kB', more: false } as const;
  yield { what: 'daemon idle (PSS)', goal: '≤ 60 %', ours: pss(ours.pids()), theirs: pss(theirs.pids()), ...kB };
  const measured: Record<string, { daemon: number; perContainer: number }> = {};
  for (const [name, engine] of Object.entries({ ours, theirs })) {
    const start = (count: number) =>
      Array.from({ length: count }, () => output(engine, 'docker', ['run', '-d', IMAGE, 'sleep', '1000']));
    // What an engine loads once, at its first containers, and what a collector has not taken away yet, is not what each costs.
    output(engine, 'docker', ['rm', '-f', ...start(WARM)]);
    await setTimeout(REST_MS);
    const before = pss(engine.pids());
    const ids = start(IDLE);
    await setTimeout(REST_MS);
    const growth = (pss(engine.pids()) - before) / ids.length;
    measured[name] = { daemon: growth, perContainer: pss(parents(engine, ids)) / ids.length };
    output(engine, 'docker', ['rm', '-f', ...ids]);
  }
  const { ours: mine, theirs: other } = measured as Record<'ours' | 'theirs', { daemon: number; perContainer: number }>;
  yield {
    what: 'monitor or shim per idle container (PSS)',
    goal: '< 100 kB',
    ours: mine.perContainer,
    theirs: other.perContainer,
    ...kB,
  };
  yield {
    what: 'growth of the daemon per container (PSS)',
    goal: '< 50 kB',
    ours: mine.daemon,
    theirs: other.daemon,
    ...kB,
  };
}

async function* memory(pair: Pair): AsyncGenerator<Row> {
  yield* idleMemory(pair);
  yield* imageMemory(pair);
}

async function* start({ ours, theirs }: Pair): AsyncGenerator<Row> {
  const { daemon } = ours;
  const mine = async () => {
    await daemon.stop('SIGTERM');
    const began = performance.now();
    await daemon.start();
    return performance.now() - began;
  };
  const { PEER_START: begin, PEER_STOP: stop } = process.env;
  if (!begin || !stop)
    throw new Error('PEER_START and PEER_STOP must be commands that start and stop the other engine');
  const other = async () => {
    await timed(theirs, 'sh', ['-c', stop]);
    return await timed(theirs, 'sh', ['-c', begin]);
  };
  yield { what: 'daemon start until _ping answers', goal: '≥ 4×', ...(await inTurn(3, mine, other)), ...ms };
  const ids = Array.from({ length: 200 }, () => output(ours, 'docker', ['run', '-d', IMAGE, 'sleep', '1000']));
  const times: number[] = [];
  for (let round = 0; round < 3; round++) {
    await daemon.stop('SIGKILL');
    const began = performance.now();
    await daemon.start();
    await list(ours.socket);
    times.push(performance.now() - began);
  }
  output(ours, 'docker', ['rm', '-f', ...ids]);
  yield {
    what: 'API answers after kill -9 with 200 containers',
    goal: '< 1 s',
    ours: median(times),
    theirs: Number.NaN,
    ...ms,
  };
}

function list(socketPath: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, path: '/containers/json', agent: false }, (answer) => {
      answer.resume();
      answer.on('end', resolve);
    });
    asked.on('error', reject);
    asked.end();
  });
}

async function* cli({ ours }: Pair): AsyncGenerator<Row> {
  const gantry = new URL('../bin/gantry', import.meta.url).pathname;
  const times = await inTurn(
    ROUNDS,
    () => timed(ours, gantry, ['ps']),
    () => timed(ours, 'docker', ['ps']),
  );
  yield { what: 'gantry ps against docker ps on the same daemon', goal: '≤ 2.2 times as long', ...times, ...ms };
}

export const GROUPS: Readonly<Record<string, Group>> = {
  run,
  stop,
  compose,
  raw,
  many,
  logs,
  streams,
  memory,
  start,
  reboot,
  cli,
  commit,
  build,
  pull,
  reads,
  stats,
  images,
  registry,
};
