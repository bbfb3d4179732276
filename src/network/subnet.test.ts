import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  chooseSubnet,
  DEFAULT_POOLS,
  formatIpv4,
  formatSubnet,
  overlaps,
  parseCidr,
  parseIpv4,
  subnetsOf,
} from './subnet.ts';

test('addresses are four decimal numbers and nothing else', () => {
  assert.equal(parseIpv4('172.17.0.2'), 0xac110002);
  assert.equal(formatIpv4(0xac110002), '172.17.0.2');
  for (const text of ['', '1.2.3', '1.2.3.4.5', '1.2.3.256', '01.2.3.4', ' 1.2.3.4', '1.2.3.4\n', '::1', '0x1.2.3.4']) {
    assert.equal(parseIpv4(text), undefined, text);
  }
});

test('a prefix splits an address into subnet and host', () => {
  assert.equal(formatSubnet(parseCidr('172.17.5.1/16')!.subnet), '172.17.0.0/16');
  assert.equal(formatSubnet(parseCidr('255.255.255.255/0')!.subnet), '0.0.0.0/0');
  for (const text of ['172.17.0.1', '172.17.0.1/33', '172.17.0.1/', '172.17.0.1/16/1', '/16']) {
    assert.equal(parseCidr(text), undefined, text);
  }
});

test('the first subnet that overlaps no route is taken, in the order of the pools', () => {
  const subnets = subnetsOf(DEFAULT_POOLS);
  const of = (text: string) => parseCidr(text)!.subnet;
  const choose = (...taken: string[]) => {
    const found = chooseSubnet(subnets, taken.map(of));
    return found && formatSubnet(found);
  };
  assert.equal(choose(), '172.17.0.0/16');
  assert.equal(choose('172.17.9.0/24'), '172.18.0.0/16');
  assert.equal(choose('172.16.0.0/12'), '192.168.0.0/20');
  assert.equal(choose('172.16.0.0/12', '192.168.0.0/19'), '192.168.32.0/20');
  assert.equal(choose('0.0.0.0/0'), undefined);
});

test('overlap is containment either way', () => {
  const of = (text: string) => parseCidr(text)!.subnet;
  assert.equal(overlaps(of('10.0.0.0/8'), of('10.1.2.0/24')), true);
  assert.equal(overlaps(of('10.1.2.0/24'), of('10.0.0.0/8')), true);
  assert.equal(overlaps(of('10.1.2.0/24'), of('10.1.3.0/24')), false);
});
