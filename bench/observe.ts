import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { api } from '../test/harness/api.ts';
import { load } from './asker.ts';
import type { Engine, Pair } from './engines.ts';
import type { Row } from './statistics.ts';

const CLIENTS = 8;
const LABEL = 'bench-observe';

/** Lists and inspections by eight clients, with 200 containers running. */
export async function* reads(pair: Pair): AsyncGenerator<Row> {
  const measured = await withContainers(pair, 200, async (engine, ids) => ({
    list: await load(engine.socket, () => '/v1.47/containers/json'),
    inspect: await load(engine.socket, (turn) => `/v1.47/containers/${ids[turn % ids.length]}/json`),
  }));
  for (const [what, path] of [
    ['list', 'containers/json of 200 running'],
    ['inspect', 'inspect of one of 200 running'],
  ] as const) {
    const [ours, theirs] = [measured.ours[what], measured.theirs[what]];
    const rate = { ours: ours.rate, theirs: theirs.rate, unit: 'requests/s', more: true };
    yield { what: `${path}, 8 clients`, goal: '≥ 2×', ...rate };
    yield { what: `${path}, p99`, goal: '≤ half', ours: ours.p99, theirs: theirs.p99, unit: 'ms', more: false };
  }
}

/** What a stream of statistics of each of 100 containers costs the daemons. */
export async function* stats(pair: Pair): AsyncGenerator<Row> {
  const measured = await withContainers(pair, 100, async (engine, ids) => {
    const streams = await Promise.all(ids.map((id) => open(engine.socket, `/v1.47/containers/${id}/stats`)));
    await sleep(3_000);
    const before = processorTime(engine.pids());
    await sleep(10_000);
    const used = processorTime(engine.pids()) - before;
    for (const stream of streams) stream.destroy();
    return used / 10;
  });
  yield {
    what: 'stats streams of 100 containers',
    goal: '≤ 1',
    ...measured,
    unit: 'ms of processor per s',
    more: false,
  };
}

type Measured<T> = { readonly ours: T; readonly theirs: T };

/** Starts as many containers, measures, and removes them; one engine after the other. */
async function withContainers<T>(
  { ours, theirs }: Pair,
  count: number,
  measure: (engine: Engine, ids: string[]) => Promise<T>,
): Promise<Measured<T>> {
  const one = async (engine: Engine): Promise<T> => {
    const ids = await startMany(engine.socket, count);
    try {
      return await measure(engine, ids);
    } finally {
      await inParallel(ids, (id) => api(engine.socket, 'DELETE', `/containers/${id}?force=1`));
    }
  };
  return { ours: await one(ours), theirs: await one(theirs) };
}

async function startMany(socket: string, count: number): Promise<string[]> {
  const ids: string[] = [];
  await inParallel(Array.from({ length: count }), async () => {
    const body = { Image: 'conformance', Cmd: ['sleep', '10000'], Labels: { [LABEL]: '1' } };
    const { Id } = (await api(socket, 'POST', '/v1.47/containers/create', body)).body as { Id: string };
    const { status } = await api(socket, 'POST', `/v1.47/containers/${Id}/start`);
    if (status !== 204) throw new Error(`start: ${status}`);
    ids.push(Id);
  });
  return ids;
}

async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
  const queue = [...items];
  const client = async () => {
    while (queue.length > 0) await work(queue.shift()!);
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
}

function open(socketPath: string, path: string): Promise<{ destroy(): void }> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, path, agent: false }, (answer) => {
      answer.resume();
      answer.on('error', () => undefined);
      resolve(asked);
    });
    asked.on('error', reject);
    asked.end();
  });
}

/** User and system time of all their threads so far, in ms (proc(5), stat; a tick is 10 ms). */
function processorTime(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return sum + (Number(fields[11]) + Number(fields[12])) * 10;
  }, 0);
}

const sleep = (ms: number) => new Promise((wake) => setTimeout(wake, ms));
