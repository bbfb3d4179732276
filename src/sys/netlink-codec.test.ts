import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  asText,
  attribute,
  attributeList,
  attributes,
  be32,
  decodeMessages,
  encodeMessages,
  nested,
  text,
  u8,
  u32,
} from './netlink-codec.ts';
import * as nfnetlink from './netlink-nftables.ts';
import * as rtnetlink from './netlink-route.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

test('attributes are padded to four bytes and their length tells the value alone', () => {
  assert.equal(hex(u8(8, 1)), '0500080001000000');
  assert.equal(hex(text(3, 'eth0')), '09000300657468300000000' + '0');
  assert.equal(hex(be32(1, 0x01020304)), '0800010001020304');
  assert.equal(hex(nested(2, u32(4, 7))), '0c000280' + '0800040007000000');
});

test('what is encoded is decoded, nested flags apart', () => {
  const body = Buffer.concat([text(3, 'eth0'), nested(18, text(1, 'veth'), u8(9, 3))]);
  const found = attributes(body);
  assert.equal(asText(found.get(3)), 'eth0');
  const info = attributes(found.get(18)!);
  assert.equal(asText(info.get(1)), 'veth');
  assert.deepEqual([...info.get(9)!], [3]);
});

test('messages of one datagram are told apart by rising sequence numbers', () => {
  const bytes = encodeMessages(
    [
      { type: 16, flags: 5, body: Buffer.from([1, 2, 3]) },
      { type: 17, flags: 0, body: Buffer.alloc(0) },
    ],
    9,
  );
  assert.equal(bytes.length, 20 + 16);
  assert.deepEqual(
    decodeMessages(bytes).map(({ type, flags, sequence, body }) => [type, flags, sequence, hex(body)]),
    [
      [16, 5, 9, '010203'],
      [17, 0, 10, ''],
    ],
  );
});

test('truncated and lying bytes end the list instead of being read past', () => {
  assert.deepEqual(attributeList(Buffer.from('ffff0100', 'hex')), []);
  assert.deepEqual(attributeList(Buffer.from('0200', 'hex')), []);
  assert.deepEqual(attributeList(Buffer.from('00000000', 'hex')), [], 'a length below its header would loop');
  assert.deepEqual(decodeMessages(Buffer.alloc(15)), []);
  assert.deepEqual(decodeMessages(Buffer.alloc(16)), []);
  const one = encodeMessages([{ type: 1, flags: 0, body: attribute(1, Buffer.alloc(8)) }], 1);
  assert.equal(decodeMessages(one.subarray(0, one.length - 4)).length, 0);
});

test('a map element is encoded as nft encodes it', () => {
  // Captured from: nft --debug=mnl add element inet gantry_t publish_on '{ 192.0.2.3 . udp . 8081 : 172.17.0.2 . 81 }'
  const expected =
    '0100000' +
    '00d0001' +
    '0067616e7472795f74000000000f00020' +
    '07075626c6973685f6f6e0000' +
    '2c000380280001801400018010000100c0000203110000001f910000100002800c000100ac11000200510000';
  const key = Buffer.from('c0000203110000001f910000', 'hex');
  const data = Buffer.from('ac11000200510000', 'hex');
  const ref = { family: nfnetlink.FAMILY.inet, table: 'gantry_t', set: 'publish_on' };
  const { body, type } = nfnetlink.addElements(ref, [{ key, data }]);
  assert.equal(type, 0xa0c);
  assert.equal(hex(body), expected);
});

test('an accept of ours is recognised in what the kernel tells about it', () => {
  const ref = { family: nfnetlink.FAMILY.ip, table: 'filter', chain: 'FORWARD' };
  const { body, type } = nfnetlink.insertAccept(ref, { match: 'oifname', link: 'gantry0' });
  const told = {
    type,
    flags: 0,
    sequence: 1,
    body: Buffer.concat([body, attribute(3, Buffer.from('0000000000000007', 'hex'))]),
  };
  const rule = nfnetlink.decodeRule(ref, told);
  assert.deepEqual(rule?.accepts, { match: 'oifname', link: 'gantry0' });
  assert.equal(hex(rule!.handle), '0000000000000007');
  assert.equal(nfnetlink.decodeRule({ ...ref, chain: 'INPUT' }, told), undefined);
});

test('a veth pair names its peer and the namespace the peer is born in', () => {
  const { body } = rtnetlink.createVeth(
    { name: 'gv1', master: 4 },
    { name: 'eth0', mac: '02:00:00:00:00:09', netnsFd: 33 },
  );
  const found = attributes(body.subarray(16));
  assert.equal(asText(found.get(3)), 'gv1');
  assert.equal(found.get(10)?.readUInt32LE(0), 4);
  const peer = attributes(
    attributes(attributes(found.get(18)!).get(2)!)
      .get(1)!
      .subarray(16),
  );
  assert.equal(asText(peer.get(3)), 'eth0');
  assert.equal(hex(peer.get(1)!), '020000000009');
  assert.equal(peer.get(28)?.readUInt32LE(0), 33);
});

test('an address brings the broadcast address of its subnet', () => {
  const { body } = rtnetlink.addAddress({ index: 2, address: '172.17.0.2', prefix: 16 });
  assert.equal(hex(attributes(body.subarray(8)).get(4)!), 'ac11ffff');
});
