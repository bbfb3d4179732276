import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EngineError } from '#errdefs';
import { decode } from './decode.ts';
import { encode } from './encode.ts';
import * as p from './message.ts';

const Inner = p.message({ name: p.string(1), size: p.bigint(6) });
const Outer = p.message({
  id: p.string(1),
  isBig: p.bool(2),
  count: p.int64(3),
  inner: p.of(4, Inner),
  list: p.many(5, Inner),
  attrs: p.stringMap(7),
  data: p.bytes(8),
  mode: p.uint32(300),
  by: p.mapOf(9, Inner),
  delta: p.int32(10),
});

const refused = (hex: string, text: RegExp) =>
  assert.throws(
    () => decode(Outer, Buffer.from(hex, 'hex')),
    (error: Error) => error instanceof EngineError && text.test(error.message),
  );

test('a message comes back as it was', () => {
  const value = {
    ...{ id: 'é', isBig: true, count: -5, inner: { name: 'x', size: -(2n ** 62n) }, mode: 4294967295, delta: -1 },
    list: [
      { name: '', size: 0n },
      { name: 'y', size: 1n },
    ],
    attrs: new Map([
      ['__proto__', ''],
      ['', 'b'],
    ]),
    data: new Uint8Array([0, 255]),
    by: new Map([['k', { name: 'z', size: 2n ** 60n }]]),
  };
  const back = decode(Outer, encode(Outer, value));
  assert.deepEqual({ ...back, data: new Uint8Array(back.data) }, value);
});

test('bytes are those that protoc writes', () => {
  assert.equal(
    encode(Outer, { id: 'ab', count: 300, inner: {}, list: [{ size: 1n }] }).toString('hex'),
    '0a02616218ac0222002a023001',
  );
  assert.equal(encode(Outer, { delta: -1 }).toString('hex'), '50ffffffffffffffffff01');
});

test('absent fields are zero, unknown ones are passed over', () => {
  const value = decode(Outer, Buffer.from('ba0103616263c80105d1010102030405060708dd0101020304', 'hex'));
  assert.equal(value.id, '');
  assert.equal(value.inner, undefined);
  assert.deepEqual(value.list, []);
  assert.equal(value.attrs.size, 0);
});

test('what does not fit is refused', () => {
  refused('0a05616263', /longer than its message/);
  refused('0aff', /unexpected end/);
  refused('0affffffffffffffffff', /too large/);
  refused('18ffffffffffffffffffff01', /more than ten bytes/);
  refused('0801', /field "id" has wire type 0/);
  refused('0001', /field number 0/);
  refused('0b', /wire type 3/);
  refused('d9010102', /unexpected end/);
});

test('depth and number of values are bounded', () => {
  const self = { number: 1, kind: Inner as p.Kind, rule: 'optional' as const };
  const Tree = p.message({ self });
  self.kind = Tree;
  let deep = Buffer.alloc(0);
  for (let i = 0; i < 40; i++) deep = Buffer.concat([Buffer.from([10, deep.length]), deep]);
  assert.throws(() => decode(Tree, deep), /nested too deeply/);
  const wide = Buffer.alloc(2_000_000);
  for (let i = 0; i < wide.length; i += 2) wide[i] = 42;
  assert.throws(() => decode(Outer, wide), /too many values/);
});
