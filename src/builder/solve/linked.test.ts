import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Definition } from '#buildkit';
import { decode, encode } from '#protobuf';
import { Jobs } from './jobs.ts';
import { definitionOf, linkedResults } from './linked.ts';

const never = new AbortController().signal;
const request = (inputs: ReadonlyMap<string, ReturnType<typeof definitionOf>>) => ({
  ...{ frontend: 'dockerfile.v0', attributes: new Map(), inputs },
});
/** As a client hands it on. */
const handedOn = (ref: string) => decode(Definition, encode(Definition, definitionOf(ref)));

test('a build finds the result of another one by the graph that its client got for it', async () => {
  const jobs = new Jobs();
  const job = jobs.begin('first', 'session', never);
  const waiting = linkedResults(jobs, request(new Map([['default-base', handedOn('first')]])), never);
  const result = { layers: [], config: Buffer.from('{}') };
  job.outcome.resolve(result as never);
  assert.equal((await waiting).get('default-base'), result);
});

test('what the other one failed of, the build fails of; an end of it ends the wait', async () => {
  const jobs = new Jobs();
  const inputs = request(new Map([['base', handedOn('first')]]));
  await assert.rejects(linkedResults(jobs, inputs, never), /no longer known/);
  const job = jobs.begin('first', 'session', never);
  const leaving = new AbortController();
  const waiting = linkedResults(jobs, inputs, leaving.signal);
  leaving.abort(new Error('gone'));
  await assert.rejects(waiting, /gone/);
  job.outcome.reject(new Error('broken'));
  await assert.rejects(linkedResults(jobs, inputs, never), /broken/);
});

test('other graphs are refused', async () => {
  const strange = { def: [Buffer.from('0a02', 'hex')], metadata: new Map() };
  await assert.rejects(linkedResults(new Jobs(), request(new Map([['base', strange]])), never));
  const empty = { def: [], metadata: new Map() };
  await assert.rejects(linkedResults(new Jobs(), request(new Map([['base', empty]])), never), /LLB/);
});
