import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeClose, encodeWsFrame, ProtocolError, WsDecoder } from './frames.ts';

/** A frame as clients send it. */
function masked(first: number, data: Buffer, mask = Buffer.of(1, 2, 3, 4)): Buffer {
  const plain = encodeWsFrame('binary', data);
  const head = Buffer.from(plain.subarray(0, plain.length - data.length));
  head[0] = first;
  head[1] = head[1]! | 0x80;
  return Buffer.concat([head, mask, data.map((byte, i) => byte ^ mask[i & 3]!)]);
}

const joined = (decoder: WsDecoder, bytes: Buffer, step: number) => {
  const pieces = [];
  for (let at = 0; at < bytes.length; at += step) pieces.push(...decoder.push(bytes.subarray(at, at + step)));
  return pieces;
};

test('frames of all lengths arrive whole in whatever pieces', () => {
  for (const length of [0, 1, 125, 126, 65_535, 65_536, 200_000]) {
    const data = Buffer.alloc(length, 'abc');
    for (const step of [1, 7, 1 << 20]) {
      if (step === 1 && length > 1000) continue;
      const pieces = joined(new WsDecoder(), masked(0x82, data), step);
      assert.deepEqual(Buffer.concat(pieces.map((piece) => piece.data)), data, `${length} by ${step}`);
    }
  }
});

test('a message in parts with a ping between them', () => {
  const bytes = Buffer.concat([
    masked(0x01, Buffer.from('he')),
    masked(0x89, Buffer.from('ping')),
    masked(0x80, Buffer.from('llo')),
    masked(0x88, Buffer.of(3, 232)),
  ]);
  const pieces = joined(new WsDecoder(), bytes, 3);
  const data = pieces.filter(({ kind }) => kind === 'data');
  assert.equal(Buffer.concat(data.map((piece) => piece.data)).toString(), 'hello');
  assert.deepEqual(
    pieces.filter(({ kind }) => kind !== 'data').map((piece) => [piece.kind, piece.data.toString('latin1')]),
    [
      ['ping', 'ping'],
      ['close', '\x03\xe8'],
    ],
  );
});

test('what breaks the protocol is refused', () => {
  const cases: [string, Buffer][] = [
    ['not masked', encodeWsFrame('binary', Buffer.from('x'))],
    ['reserved bits', masked(0xc2, Buffer.from('x'))],
    ['unknown opcode', masked(0x83, Buffer.from('x'))],
    ['unknown control opcode', masked(0x8b, Buffer.from('x'))],
    ['control in parts', masked(0x09, Buffer.from('x'))],
    ['long control', masked(0x89, Buffer.alloc(126))],
    ['continues nothing', masked(0x80, Buffer.from('x'))],
    ['begins within', Buffer.concat([masked(0x02, Buffer.from('x')), masked(0x82, Buffer.from('x'))])],
    ['too long', Buffer.from('82ff8000000000000000', 'hex')],
  ];
  for (const [what, bytes] of cases) {
    const padded = Buffer.concat([bytes, Buffer.alloc(20)]);
    assert.throws(() => new WsDecoder().push(padded), ProtocolError, what);
  }
});

test('lengths are written in the shortest form', () => {
  assert.deepEqual(encodeWsFrame('text', Buffer.from('hi')), Buffer.from('81026869', 'hex'));
  assert.equal(encodeWsFrame('binary', Buffer.alloc(126)).subarray(0, 4).toString('hex'), '827e007e');
  assert.equal(encodeWsFrame('binary', Buffer.alloc(65_536)).subarray(0, 10).toString('hex'), '827f0000000000010000');
  assert.deepEqual(encodeClose(1000), Buffer.from('880203e8', 'hex'));
});
