import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EventMessage } from '#api';
import { Store } from '#store';
import { Events, KEPT_EVENTS, matchesEvent } from './index.ts';

const actor = { ID: 'abc123', Attributes: { image: 'busybox:latest', name: 'web', tier: 'front' } };

function fresh(): { store: Store; events: Events; record(action: string): void; [Symbol.dispose](): void } {
  const store = Store.open(':memory:');
  const events = new Events(store);
  const record = (action: string) => store.tx(() => events.record('container', action, actor));
  return { store, events, record, [Symbol.dispose]: () => store[Symbol.dispose]() };
}

async function collect(events: AsyncIterable<EventMessage>): Promise<string[]> {
  return (await Array.fromAsync(events)).map((event) => event.Action);
}

test('a subscriber sees what is committed after it subscribed, a rolled-back event never', async () => {
  using all = fresh();
  all.record('create');
  const client = new AbortController();
  const seen = all.events.subscribe({ signal: client.signal });
  all.record('start');
  assert.throws(() =>
    all.store.tx(() => {
      all.events.record('container', 'ghost', actor);
      throw new Error('rolled back');
    }),
  );
  all.record('die');
  const both = [(await seen.next()).value?.Action, (await seen.next()).value?.Action];
  client.abort();
  assert.deepEqual(both, ['start', 'die']);
  assert.equal((await seen.next()).done, true);
});

test('since replays in order, until in the past ends at once', async () => {
  using all = fresh();
  for (const action of ['create', 'start', 'die']) all.record(action);
  assert.deepEqual(await collect(all.events.subscribe({ since: 0, until: Date.now() * 1e6 + 5e6 })), [
    'create',
    'start',
    'die',
  ]);
  assert.deepEqual(await collect(all.events.subscribe({ since: 0, until: 1 })), []);
  assert.deepEqual(await collect(all.events.subscribe({ until: Date.now() * 1e6 })), ['create', 'start', 'die']);
});

test('only the last events are kept', async () => {
  using all = fresh();
  all.store.tx(() => {
    for (let i = 0; i < KEPT_EVENTS + 256; i++) all.events.record('container', `a${i}`, actor);
  });
  const kept = await collect(all.events.subscribe({ since: 0, until: Date.now() * 1e6 + 1e6 }));
  assert.equal(kept.at(-1), `a${KEPT_EVENTS + 255}`);
  assert.ok(kept.length <= KEPT_EVENTS + 128);
});

test('filters: keys AND, values OR, labels AND, prefixes of ids and names, data after a colon', () => {
  using all = fresh();
  all.record('exec_create: sh -c x');
  const event = JSON.parse(all.store.prepare('SELECT message FROM events').get()?.message as string) as EventMessage;
  assert.deepEqual(
    { status: event.status, id: event.id, from: event.from },
    { status: 'exec_create: sh -c x', id: 'abc123', from: 'busybox:latest' },
  );
  const cases: [Record<string, string[]>, boolean][] = [
    [{ event: ['exec_create'] }, true],
    [{ event: ['exec'] }, false],
    [{ type: ['image', 'container'] }, true],
    [{ container: ['abc'] }, true],
    [{ container: ['we'] }, true],
    [{ container: ['x'] }, false],
    [{ network: ['abc'] }, false],
    [{ image: ['busybox'] }, true],
    [{ image: ['busybox:latest'] }, true],
    [{ image: ['busy'] }, false],
    [{ label: ['tier=front', 'name'] }, true],
    [{ label: ['tier=front', 'absent'] }, false],
    [{ event: ['exec_create'], container: ['x'] }, false],
  ];
  for (const [filters, expected] of cases)
    assert.equal(matchesEvent(event, filters), expected, JSON.stringify(filters));
});
