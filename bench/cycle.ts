import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Engine, Pair } from './engines.ts';
import { output, parents, timed } from './engines.ts';
import type { Row } from './statistics.ts';
import { inTurn, median } from './statistics.ts';

const ROUNDS = Number(process.env.ROUNDS ?? 15);
const IMAGE = 'conformance';
const ms = { unit: 'ms', more: false } as const;
const POLITE = 'trap "exit 0" TERM; sleep 1000 & wait';

/** `docker stop` and `docker restart` of a process that ends on SIGTERM. */
export async function* stop({ ours, theirs }: Pair): AsyncGenerator<Row> {
  for (const engine of [ours, theirs]) {
    output(engine, 'docker', ['run', '-d', '--name', 'bench', IMAGE, 'sh', '-c', POLITE]);
  }
  const stopped = async (engine: Engine) => {
    const time = await timed(engine, 'docker', ['stop', 'bench']);
    output(engine, 'docker', ['start', 'bench']);
    return time;
  };
  const stops = await both(
    () => stopped(ours),
    () => stopped(theirs),
  );
  yield { what: 'docker stop of a process that ends on SIGTERM', goal: '≥ 4×', ...stops, ...ms };
  const restarts = await both(
    () => timed(ours, 'docker', ['restart', 'bench']),
    () => timed(theirs, 'docker', ['restart', 'bench']),
  );
  yield { what: 'docker restart of the same', goal: '≥ 4×', ...restarts, ...ms };
  for (const engine of [ours, theirs]) output(engine, 'docker', ['rm', '-f', 'bench']);
}

const both = (ours: () => Promise<number>, theirs: () => Promise<number>) => inTurn(ROUNDS, ours, theirs);

const PROJECT = {
  services: {
    db: { image: IMAGE, command: ['sh', '-c', POLITE], volumes: ['data:/data'] },
    web: { image: IMAGE, command: ['sh', '-c', POLITE], volumes: ['data:/data:ro'], networks: ['default', 'back'] },
    client: { image: IMAGE, command: ['sh', '-c', POLITE], networks: { back: { aliases: ['asker'] } } },
  },
  networks: { back: {} },
  volumes: { data: {} },
};

/** A project of three services, up and down. The docker CLI needs its compose plugin. */
export async function* compose({ ours, theirs }: Pair): AsyncGenerator<Row> {
  const folder = mkdtempSync(join(tmpdir(), 'gantry-bench-'));
  const file = join(folder, 'compose.json');
  writeFileSync(file, JSON.stringify(PROJECT));
  const call = (engine: Engine, ...args: string[]) =>
    timed(engine, 'docker', ['compose', '-p', 'bench', '-f', file, ...args]);
  const ups: Record<'ours' | 'theirs', number[]> = { ours: [], theirs: [] };
  const round = async (engine: Engine, times: number[]) => {
    times.push(await call(engine, 'up', '-d'));
    return await call(engine, 'down', '-v');
  };
  const downs = await inTurn(
    Math.min(ROUNDS, 7),
    () => round(ours, ups.ours),
    () => round(theirs, ups.theirs),
  );
  rmSync(folder, { recursive: true });
  const up = { ours: median(ups.ours.slice(1)), theirs: median(ups.theirs.slice(1)) };
  yield { what: 'docker compose up -d, three services', goal: '≥ 2×', ...up, ...ms };
  yield { what: 'docker compose down -v of the same', goal: '≥ 2×', ...downs, ...ms };
}

const COUNT = 50;

/**
 * 50 containers with `--restart always` are back after what a reboot leaves of them: every process killed, the run-time
 * state gone, and the links with the namespaces.
 */
export async function* reboot({ ours, theirs }: Pair): AsyncGenerator<Row> {
  const { PEER_START: begin, PEER_EXEC_ROOT: theirState } = process.env;
  if (!begin || !theirState) throw new Error('PEER_START and PEER_EXEC_ROOT must be set for the reboot');
  const { daemon } = ours;
  for (const engine of [ours, theirs]) {
    for (let n = 0; n < COUNT; n++) {
      output(engine, 'docker', ['run', '-d', '--restart', 'always', IMAGE, 'sleep', '1000']);
    }
  }
  const mine = async () => {
    const daemonGone = daemon.exited();
    await cut(ours, daemon.execRoot);
    await daemonGone;
    const began = performance.now();
    await daemon.start();
    return await allBack(ours, began);
  };
  const other = async () => {
    await cut(theirs, theirState);
    const began = performance.now();
    await timed(theirs, 'sh', ['-c', begin]);
    return await allBack(theirs, began);
  };
  const times = await inTurn(3, mine, other);
  for (const engine of [ours, theirs]) {
    output(engine, 'docker', ['rm', '-f', ...output(engine, 'docker', ['ps', '-aq']).split('\n')]);
  }
  yield { what: `${COUNT} containers back after a simulated reboot`, goal: '≥ 5×', ...times, ...ms };
}

/** Kills the daemons, the containers and what keeps them at once, and removes what lay in the run-time folder. */
async function cut(engine: Engine, folder: string): Promise<void> {
  const ids = output(engine, 'docker', ['ps', '-q', '--no-trunc']).split('\n');
  const first = output(engine, 'docker', ['inspect', '-f', '{{.State.Pid}}', ...ids])
    .split('\n')
    .map(Number);
  const keepers = parents(engine, ids);
  const pids = [...new Set([...engine.pids(), ...keepers, ...keepers.flatMap(parentOf), ...first])];
  for (const pid of pids) process.kill(pid, 'SIGKILL');
  while (pids.some(lives)) await new Promise((wake) => setTimeout(wake, 20));
  output(engine, 'sh', ['-c', 'cd "$1" && find . -mindepth 1 -delete 2>/dev/null; true', 'sh', folder]);
}

/** The parent of a process, unless it is init or gone. */
function parentOf(pid: number): number[] {
  const parent = Number(
    readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/.*\) . /, '')
      .split(' ')[0],
  );
  return parent > 1 ? [parent] : [];
}

function lives(pid: number): boolean {
  try {
    return !/\) [ZX]/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

async function allBack(engine: Engine, began: number): Promise<number> {
  for (const last = began + 120_000; performance.now() < last; ) {
    const running = output(engine, 'docker', ['ps', '-q', '--filter', 'status=running']).split('\n');
    if (running.length === COUNT) return performance.now() - began;
    await new Promise((wake) => setTimeout(wake, 20));
  }
  throw new Error('the containers are not back after two minutes');
}
