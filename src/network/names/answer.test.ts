import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Question } from 'dns-packet';
import { decode, encode } from 'dns-packet';
import type { Knowledge } from './answer.ts';
import { addressOf, answerOf, failure, fitted, isResponseTo, nothing, parseQuery } from './answer.ts';

/** Missing in the types of the codec. */
const codeOf = (packet: object) => (packet as { rcode: string }).rcode;
const named = (address: string, address6?: string) => ({ containerId: 'c', address, address6, names: ['web'] });
const known: Knowledge = {
  lookUp: (name) =>
    new Map([
      ['web', [named('10.0.0.2', 'fd00::2')]],
      ['all', Array.from({ length: 60 }, (_, n) => named(`10.0.1.${n}`))],
    ]).get(name),
  reverse: (address) => (address === '10.0.0.2' || address === 'fd00::2' ? 'web.net' : undefined),
};
const question = (name: string, type: Question['type'] = 'A') =>
  encode({ type: 'query', id: 77, flags: 0x100, questions: [{ name, type }] });
const ask = (name: string, type?: Question['type']) => {
  const query = parseQuery(question(name, type))!;
  const answer = answerOf(query, known);
  return answer && decode(fitted(answer, query));
};
const data = (name: string, type?: Question['type']) =>
  ask(name, type)?.answers?.map((answer) => (answer as { data: unknown }).data);

test('a known name has its addresses, and no other records', () => {
  assert.deepEqual(data('web'), ['10.0.0.2']);
  assert.deepEqual(data('web.', 'AAAA'), ['fd00::2']);
  assert.deepEqual(data('all', 'AAAA'), []);
  assert.deepEqual(data('web', 'MX'), []);
  const answer = ask('web')!;
  assert.equal(answer.id, 77);
  assert.equal(codeOf(answer), 'NOERROR');
  assert.ok(answer.flag_ra && answer.flag_rd && !answer.flag_aa);
});

test('an unknown name is for others', () => {
  assert.equal(ask('nosuch'), undefined);
  assert.equal(ask('5.0.0.10.in-addr.arpa', 'PTR'), undefined);
});

test('addresses lead back to names', () => {
  assert.deepEqual(data('2.0.0.10.in-addr.arpa', 'PTR'), ['web.net']);
  const nibbles = `2.${'0.'.repeat(27)}0.0.d.f.ip6.arpa`;
  assert.equal(addressOf(nibbles), 'fd00::2');
  assert.deepEqual(data(nibbles, 'PTR'), ['web.net']);
  for (const name of ['', 'arpa', '1.2.3.in-addr.arpa', 'x.ip6.arpa', `${'g.'.repeat(32)}ip6.arpa`]) {
    assert.equal(addressOf(name), undefined, name);
  }
});

test('more than a datagram may hold is cut, and says so; with EDNS there is more room', () => {
  const small = parseQuery(question('all'))!;
  const cut = decode(fitted(answerOf(small, known)!, small));
  assert.ok(cut.flag_tc);
  assert.equal(cut.answers?.length, 0);
  const roomy = parseQuery(
    encode({
      type: 'query',
      questions: [{ name: 'all', type: 'A' }],
      additionals: [{ type: 'OPT', name: '.', udpPayloadSize: 4096, flags: 0, options: [] } as never],
    }),
  )!;
  assert.equal(roomy.udpSize, 4096);
  assert.equal(decode(fitted(answerOf(roomy, known)!, roomy)).answers?.length, 60);
});

test('several addresses come in changing order', () => {
  const all = parseQuery(question('all'))!;
  const first = Array.from({ length: 20 }, () => {
    const { answers } = decode(answerOf(all, known)!);
    return (answers![0] as { data: string }).data;
  });
  assert.ok(new Set(first).size > 1, first.join());
});

test('what is no question is not answered', () => {
  const good = question('web');
  const response = encode({ type: 'response', questions: [{ name: 'web', type: 'A' }] });
  const two = encode({
    type: 'query',
    questions: [
      { name: 'web', type: 'A' },
      { name: 'web', type: 'AAAA' },
    ],
  });
  const loop = Buffer.concat([good.subarray(0, 12), Buffer.from([0xc0, 0x0c, 0, 1, 0, 1])]);
  for (const bytes of [Buffer.alloc(0), good.subarray(0, 11), good.subarray(0, 14), response, two, loop]) {
    assert.equal(parseQuery(bytes), undefined, bytes.toString('hex'));
  }
});

test('only the answer to what was asked counts', () => {
  const sent = question('example.com');
  const reply = (id: number, name: string) =>
    encode({ type: 'response', id, questions: [{ name, type: 'A' }], answers: [] });
  assert.equal(isResponseTo(reply(77, 'EXAMPLE.com'), sent), true);
  assert.equal(isResponseTo(reply(78, 'example.com'), sent), false);
  assert.equal(isResponseTo(reply(77, 'other.com'), sent), false);
  assert.equal(isResponseTo(sent, sent), false);
  assert.equal(isResponseTo(Buffer.alloc(3), sent), false);
});

test('failures repeat the question', () => {
  const query = parseQuery(question('web'))!;
  assert.equal(codeOf(decode(failure(query))), 'SERVFAIL');
  assert.equal(codeOf(decode(nothing(query))), 'NOERROR');
});
