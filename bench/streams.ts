import type { Engine, Pair } from './engines.ts';
import { output, timed } from './engines.ts';
import type { Row } from './statistics.ts';
import { inTurn } from './statistics.ts';

const IMAGE = 'conformance';
const ROUNDS = 3;
const MB = 1_000_000;
const RATE = { unit: 'MB/s', more: true } as const;

const VOLUME = 'bench-lines';
const BIND = ['-v', `${VOLUME}:/bench:ro`];
const LINE = 'x'.repeat(99);

/** Runs with a volume that holds 20 MB of 100-byte lines: to print a file costs its writer next to nothing. */
async function* withLines({ ours, theirs }: Pair, measure: () => AsyncGenerator<Row>): AsyncGenerator<Row> {
  const write = ['sh', '-c', `yes ${LINE} | head -c ${20 * MB} >/bench/lines`];
  for (const engine of [ours, theirs])
    output(engine, 'docker', ['run', '--rm', '-v', `${VOLUME}:/bench`, IMAGE, ...write]);
  try {
    yield* measure();
  } finally {
    for (const engine of [ours, theirs]) output(engine, 'docker', ['volume', 'rm', VOLUME]);
  }
}

/** A command that prints so many megabytes. */
function print(megabytes: number): string[] {
  return ['cat', ...Array.from({ length: megabytes / 20 }, () => '/bench/lines')];
}

/** Megabytes per second of both sides, from the milliseconds that each took for so many. */
async function rates({ ours, theirs }: Pair, megabytes: number, work: (engine: Engine) => Promise<number>) {
  const rate = async (engine: Engine) => megabytes / ((await work(engine)) / 1000);
  return await inTurn(
    ROUNDS,
    () => rate(ours),
    () => rate(theirs),
  );
}

export const logs = (pair: Pair) => withLines(pair, () => logRates(pair));
export const streams = (pair: Pair) => withLines(pair, () => streamRates(pair));

async function* logRates(pair: Pair): AsyncGenerator<Row> {
  const what = [...BIND, IMAGE, ...print(200)];
  const toLog = await rates(pair, 200, async (engine) => detached(engine, what));
  yield { what: '200 MB of 100-byte lines to the log', goal: '≥ 9×', ...toLog, ...RATE };
  const attached = await rates(pair, 200, (engine) => timed(engine, 'docker', ['run', '--rm', ...what]));
  yield { what: 'the same with run --rm >/dev/null', goal: '≥ 7×', ...attached, ...RATE };
}

/** How long a container lived, in milliseconds. */
function detached(engine: Engine, what: readonly string[]): number {
  const id = output(engine, 'docker', ['run', '-d', ...what]);
  output(engine, 'docker', ['wait', id]);
  const state = output(engine, 'docker', ['inspect', '-f', '{{.State.StartedAt}} {{.State.FinishedAt}}', id]);
  const [started, finished] = state.split(' ').map((time) => Date.parse(time));
  output(engine, 'docker', ['rm', id]);
  return finished! - started!;
}

async function* streamRates(pair: Pair): AsyncGenerator<Row> {
  const gigabyte = print(1000);
  const idle = ['run', '-d', '--name', 'bench', ...BIND, IMAGE, 'sleep', '1000'];
  for (const engine of [pair.ours, pair.theirs]) output(engine, 'docker', idle);
  const executed = await rates(pair, 1000, (engine) => timed(engine, 'docker', ['exec', 'bench', ...gigabyte]));
  for (const engine of [pair.ours, pair.theirs]) output(engine, 'docker', ['rm', '-f', 'bench']);
  yield { what: '1 GB through docker exec cat', goal: '≥ 2×', ...executed, ...RATE };
  const waits = [...BIND, IMAGE, 'sh', '-c', `read go; exec ${gigabyte.join(' ')}`];
  const attached = await rates(pair, 1000, async (engine) => {
    const id = output(engine, 'docker', ['run', '-di', '--log-driver', 'none', ...waits]);
    const time = await timed(engine, 'sh', ['-c', `echo | docker attach ${id}`]);
    output(engine, 'docker', ['rm', id]);
    return time;
  });
  yield { what: '1 GB through docker attach', goal: '≥ 2×', ...attached, ...RATE };
}
