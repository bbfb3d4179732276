import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StepSink } from './flights.ts';
import { Flights } from './flights.ts';

function listener() {
  const heard: string[] = [];
  const sink: StepSink = {
    started: () => heard.push('started'),
    log: (_, chunk) => heard.push(Buffer.from(chunk).toString()),
    status: (id) => heard.push(id),
  };
  return { heard, sink };
}

const never = new AbortController().signal;

test('equal work is done once, and who joins later hears all of it', async () => {
  const flights = new Flights<number>();
  const [first, second] = [listener(), listener()];
  const gate = Promise.withResolvers<void>();
  let runs = 0;
  const work = async (sink: StepSink) => {
    runs++;
    sink.started();
    sink.log('stdout', Buffer.from('one'));
    await gate.promise;
    sink.log('stdout', Buffer.from('two'));
    return 7;
  };
  const a = flights.join('key', { sink: first.sink, signal: never }, work);
  await new Promise(setImmediate);
  const b = flights.join('key', { sink: second.sink, signal: never }, work);
  gate.resolve();
  assert.deepEqual(await Promise.all([a, b]), [7, 7]);
  assert.equal(runs, 1);
  assert.deepEqual(first.heard, ['started', 'one', 'two']);
  assert.deepEqual(second.heard, ['started', 'one', 'two']);
  assert.equal(flights.size, 0);
});

test('who joined may leave; when its owner leaves the work is ended, and done again for who still waits', async () => {
  const flights = new Flights<string>();
  const [owner, other, last] = [new AbortController(), new AbortController(), new AbortController()];
  let runs = 0;
  let ended = 0;
  const work = async (_: StepSink, signal: AbortSignal) => {
    if (++runs === 2) return 'done again';
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
    await new Promise(setImmediate);
    ended++;
    throw new Error('ended');
  };
  const join = ({ signal }: AbortController) => flights.join('key', { sink: listener().sink, signal }, work);
  const [one, two, three] = [join(owner), join(other), join(last)];
  await new Promise(setImmediate);
  other.abort(new Error('other left'));
  await assert.rejects(two, /other left/);
  assert.equal(ended, 0);
  owner.abort(new Error('owner left'));
  await assert.rejects(one, /owner left/);
  assert.equal(ended, 1);
  assert.equal(await three, 'done again');
  assert.equal(flights.size, 0);
});
