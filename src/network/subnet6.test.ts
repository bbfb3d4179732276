import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatIpv6, formatSubnet6, lowestFree6, overlaps6, parseCidr6, parseIpv6 } from './subnet6.ts';

test('an address in any spelling is one number, and has one shortest text', () => {
  for (const [text, shortest] of [
    ['::', '::'],
    ['::1', '::1'],
    ['FD00:0:0:0:0:0:0:0001', 'fd00::1'],
    ['2001:db8::a:0:0:1', '2001:db8::a:0:0:1'],
    ['::ffff:192.0.2.1', '::ffff:192.0.2.1'],
  ] as const) {
    assert.equal(formatIpv6(parseIpv6(text)!), shortest, text);
  }
  for (const text of ['', '1.2.3.4', 'fe80::1%eth0', 'fd00::1::2', 'fd00:::1']) {
    assert.equal(parseIpv6(text), undefined, text);
  }
});

test('a prefix splits an address into subnet and host', () => {
  assert.equal(formatSubnet6(parseCidr6('fd00:1::5/64')!.subnet), 'fd00:1::/64');
  assert.equal(formatSubnet6(parseCidr6('ffff::1/0')!.subnet), '::/0');
  for (const text of ['fd00::', 'fd00::/129', 'fd00::/', 'fd00::/64/1']) assert.equal(parseCidr6(text), undefined);
});

test('overlap is containment either way', () => {
  const of = (text: string) => parseCidr6(text)!.subnet;
  assert.equal(overlaps6(of('fd00::/8'), of('fd12::/64')), true);
  assert.equal(overlaps6(of('fd12:0:0:1::/64'), of('fd12:0:0:2::/64')), false);
});

test('the lowest free address, until none is left', () => {
  assert.equal(lowestFree6(new Set([1n, 2n]), 1n, 3n), 3n);
  assert.equal(lowestFree6(new Set([1n, 2n, 3n]), 1n, 3n), undefined);
});
