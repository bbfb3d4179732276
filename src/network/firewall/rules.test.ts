import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { elementOf } from './elements.ts';
import { renderTable } from './rules.ts';

const golden = (name: string) => readFileSync(join(import.meta.dirname, 'testdata', name), 'utf8');
const NEITHER = { four: false, six: false };
const BOTH = { four: true, six: true };
const BRIDGE = {
  bridge: 'gantry0',
  four: { subnet: '172.17.0.0/16', gateway: '172.17.0.1' },
  masquerade: BOTH,
  icc: true,
  internal: false,
  direct: NEITHER,
};
const WEB = { protocol: 'tcp', hostIp: '0.0.0.0', hostPort: 8080, address: '172.17.0.2', port: 80 } as const;

test('the table of an idle engine', () => {
  const text = renderTable({ table: 'gantry', bridges: [BRIDGE], publications: [], dropTransit: NEITHER });
  assert.equal(text, golden('idle.nft'));
});

test('the table of a busy engine that switched forwarding on, on two bridges, one of them closed', () => {
  const closed = {
    ...BRIDGE,
    bridge: 'gb1',
    four: { subnet: '10.9.0.0/24', gateway: '10.9.0.1' },
    masquerade: NEITHER,
    icc: false,
  };
  const publications = [
    WEB,
    { ...WEB, hostIp: '::' },
    { ...WEB, protocol: 'udp', hostIp: '192.0.2.3', hostPort: 53, port: 53 },
    { ...WEB, hostIp: '127.0.0.1', hostPort: 9090, port: 90 },
    { ...WEB, protocol: 'sctp', hostPort: 5000, port: 5000 },
  ] as const;
  const text = renderTable({ table: 'gantry_abcdef', bridges: [BRIDGE, closed], publications, dropTransit: BOTH });
  assert.equal(text, golden('busy.nft'));
});

test('the table with networks of the user: IPv6, an internal one, an unprotected one', () => {
  const dual = { ...BRIDGE, bridge: 'br-1', six: { subnet: 'fd00:1::/64', gateway: 'fd00:1::1' } };
  const inner = { ...dual, bridge: 'br-2', four: { subnet: '10.8.0.0/24', gateway: '10.8.0.1' }, internal: true };
  const open = { ...dual, bridge: 'br-3', four: { subnet: '10.9.0.0/24', gateway: '10.9.0.1' }, direct: BOTH };
  const dropTransit = { four: true, six: false };
  const text = renderTable({ table: 'gantry', bridges: [dual, inner, open], publications: [WEB], dropTransit });
  assert.equal(text, golden('own.nft'));
});

test('a network without IPv4 has no rule of an IPv4 subnet', () => {
  const { four: _, ...rest } = BRIDGE;
  const only = { ...rest, bridge: 'br-6', six: { subnet: 'fd00:6::/64', gateway: 'fd00:6::1' } };
  const text = renderTable({ table: 'gantry', bridges: [only], publications: [], dropTransit: NEITHER });
  assert.deepEqual(text.match(/.* (fd00:6|undefined).*/g), [
    '    iifname != "br-6" ip6 daddr fd00:6::/64 ip6 daddr != fd00:6::1 drop',
    '    ip6 saddr fd00:6::/64 oifname != "br-6" masquerade',
  ]);
});

test('elements in bytes say the same as in text', () => {
  const hex = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString('hex');
  const any = elementOf(WEB);
  assert.equal(any?.set, 'publish');
  assert.equal(hex(any?.key), '06000000' + '1f900000');
  assert.equal(hex(any?.data), 'ac110002' + '00500000');
  const one = elementOf({ ...WEB, hostIp: '192.0.2.3', protocol: 'udp', hostPort: 8081, port: 81 });
  assert.equal(one?.set, 'publish_on');
  assert.equal(hex(one?.key), 'c0000203' + '11000000' + '1f910000');
  assert.equal(elementOf({ ...WEB, hostIp: '127.0.0.5' })?.data, undefined);
  assert.equal(elementOf({ ...WEB, hostIp: '::1' }), undefined);
});
