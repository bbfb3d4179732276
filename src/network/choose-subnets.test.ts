import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SubnetWorld } from './choose-subnets.ts';
import { chooseFour, chooseSix } from './choose-subnets.ts';
import { checkIpamConfig } from './ipam-config.ts';
import { DEFAULT_POOLS, parseCidr } from './subnet.ts';
import { parseIpv6 } from './subnet6.ts';

const four = (...texts: string[]) => texts.map((text) => parseCidr(text)!.subnet);
const world = (change: Partial<SubnetWorld> = {}): SubnetWorld => ({
  pools: DEFAULT_POOLS,
  own: { four: four('172.17.0.0/16'), six: [] },
  routed: [],
  start: 0,
  base6: parseIpv6('fd12:3456:789a::')!,
  ...change,
});

test('a network that names no subnet gets the first one that is neither ours nor routed by the host', () => {
  assert.deepEqual(chooseFour([], world()), { subnet: '172.18.0.0/16', gateway: '172.18.0.1', reserved: [] });
  const routed = four('172.18.9.0/24');
  assert.equal(chooseFour([], world({ routed })).subnet, '172.19.0.0/16');
  const full = world({ pools: [{ base: '172.17.0.0/16', size: 24 }] });
  assert.throws(() => chooseFour([], full), /^EngineError: all predefined address pools have been fully subnetted$/);
});

test('the gateway is the first address of the range, or as asked for', () => {
  const of = (config: object) => chooseFour([{ Subnet: '10.7.0.0/16', ...config }], world());
  assert.equal(of({}).gateway, '10.7.0.1');
  assert.equal(of({ IPRange: '10.7.5.0/24' }).gateway, '10.7.5.0');
  assert.equal(of({ IPRange: '10.7.0.0/24' }).gateway, '10.7.0.1');
  assert.equal(of({ Gateway: '10.7.9.9' }).gateway, '10.7.9.9');
  assert.deepEqual(of({ AuxiliaryAddresses: { a: '10.7.0.5' } }).reserved, ['10.7.0.5']);
  assert.throws(
    () => of({ Gateway: '10.7.0.0' }),
    /failed to allocate gateway \(10\.7\.0\.0\): Address already in use/,
  );
  assert.throws(
    () => of({ AuxiliaryAddresses: { a: '10.7.0.1' } }),
    /failed to allocate secondary ip address \(a:10\.7\.0\.1\): Address already in use/,
  );
});

test('subnets of ours do not overlap, and a bridge has one', () => {
  assert.throws(() => chooseFour([{ Subnet: '172.17.5.0/24' }], world()), /Pool overlaps with other one/);
  const two = [{ Subnet: '10.7.0.0/24' }, { Subnet: '10.8.0.0/24' }];
  assert.throws(() => chooseFour(two, world()), /doesn't support multiple subnets/);
});

test('IPv6 networks are parts of the /48 of the engine, or of the pools', () => {
  assert.deepEqual(chooseSix([], world()), {
    subnet: 'fd12:3456:789a::/64',
    gateway: 'fd12:3456:789a::1',
    reserved: [],
  });
  const pools = [{ base: 'fd00:1::/62', size: 64 }];
  assert.equal(chooseSix([], world({ pools })).subnet, 'fd00:1::/64');
  assert.equal(chooseSix([{ Subnet: 'fd00:2::/80' }], world()).gateway, 'fd00:2::1');
});

test('what does not fit together is refused, everything at once', () => {
  const said = (config: object, ipv6 = true) => {
    try {
      checkIpamConfig([config], { ipv6 });
      return '';
    } catch (error) {
      return (error as Error).message.replace('invalid network config:\n', '');
    }
  };
  assert.equal(said({ Subnet: '10.7.0.0/24', IPRange: '10.7.0.128/25', Gateway: '10.7.0.1' }), '');
  assert.equal(said({ Subnet: '10.0.0.1/8' }), 'invalid subnet 10.0.0.1/8: it should be 10.0.0.0/8');
  assert.equal(said({ Subnet: 'fd00::1/64' }), 'invalid subnet fd00::1/64: it should be fd00::/64');
  assert.equal(said({ Subnet: 'fd00::1/64' }, false), '');
  assert.equal(said({}), 'invalid subnet : invalid CIDR block notation');
  assert.equal(
    said({ Subnet: '10.7.0.0/24', IPRange: 'bar', Gateway: 'foo' }),
    '* invalid ip-range bar: invalid CIDR block notation\n* invalid gateway foo: invalid address',
  );
  assert.equal(
    said({ Subnet: '10.7.0.0/24', IPRange: '10.0.0.0/8' }),
    'invalid ip-range 10.0.0.0/8: CIDR block is bigger than its parent subnet 10.7.0.0/24',
  );
  assert.equal(
    said({ Subnet: '10.7.0.0/24', Gateway: 'fd00::1' }),
    'invalid gateway fd00::1: parent subnet is an IPv4 block',
  );
});
