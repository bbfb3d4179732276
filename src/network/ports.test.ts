import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PortWorld } from './allocate-port.ts';
import { allocatePort, collide, PortFailure } from './allocate-port.ts';
import { checkBindings, parsePortRange, portRequests } from './port-requests.ts';

const BOTH = ['0.0.0.0', '::'];
const binding = (HostPort: string, HostIp = '') => ({ HostIp, HostPort });
const world = (over: Partial<PortWorld> = {}): PortWorld => ({
  holders: () => [],
  probe: () => undefined,
  ephemeral: { from: 32768, to: 32770 },
  cursor: 0,
  ...over,
});
const request = (from: number, to = from, hostIps = BOTH) => ({
  protocol: 'tcp' as const,
  port: 80,
  from,
  to,
  hostIps,
});

test('a host port is a number, a range or nothing', () => {
  assert.deepEqual(parsePortRange('8080'), { from: 8080, to: 8080 });
  assert.deepEqual(parsePortRange('8000-8010'), { from: 8000, to: 8010 });
  assert.deepEqual(parsePortRange(''), { from: 0, to: 0 });
  for (const text of ['foo', '70000', '8000-7000', '-1', '1-2-3', ' 80'])
    assert.equal(parsePortRange(text), undefined, text);
});

test("bindings that cannot be read are refused in Docker's words", () => {
  assert.throws(() => checkBindings({ '80/tcp': [binding('foo')] }), { message: 'invalid port specification: "foo"' });
  assert.throws(() => checkBindings({ 'x/tcp': [binding('80')] }), { message: 'invalid port specification: "x"' });
  checkBindings({ '80/tcp': null, '81/tcp': [], '82/tcp': [binding('')] });
});

test('only exposed ports are published, given ones before ephemeral ones', () => {
  const exposed = { '80/tcp': {}, '53/udp': {}, '99/tcp': {} };
  const bindings = { '80/tcp': [binding('8080')], '53/udp': [binding('')], '81/tcp': [binding('8081')] };
  const found = portRequests({ exposed, bindings, publishAll: false, defaultIps: BOTH });
  assert.deepEqual(
    found.map(({ port, protocol, from }) => [port, protocol, from]),
    [
      [80, 'tcp', 8080],
      [53, 'udp', 0],
    ],
  );
  const all = portRequests({ exposed, bindings: {}, publishAll: true, defaultIps: BOTH });
  assert.deepEqual(
    all.map(({ port }) => port),
    [53, 80, 99],
  );
});

test('bindings that differ in the address only share their host port', () => {
  const bindings = { '80/tcp': [binding('', '127.0.0.1'), binding('', '::1')] };
  const [found, ...rest] = portRequests({ exposed: { '80/tcp': {} }, bindings, publishAll: false, defaultIps: BOTH });
  assert.deepEqual(found?.hostIps, ['127.0.0.1', '::1']);
  assert.deepEqual(rest, []);
});

test('a host address that is none counts as not given (as Docker)', () => {
  const bindings = { '80/tcp': [binding('8000', 'foo')] };
  const [found] = portRequests({ exposed: { '80/tcp': {} }, bindings, publishAll: false, defaultIps: BOTH });
  assert.deepEqual(found?.hostIps, BOTH);
});

test('ephemeral ports go round after the last one', () => {
  const choose = (cursor: number, taken: number[] = []) =>
    allocatePort(request(0), '172.17.0.2', world({ cursor, holders: (_, port) => (taken.includes(port) ? BOTH : []) }))
      .port;
  assert.equal(choose(0), 32768);
  assert.equal(choose(32768), 32769);
  assert.equal(choose(32770), 32768);
  assert.equal(choose(32768, [32769]), 32770);
  assert.throws(() => choose(0, [32768, 32769, 32770]), new PortFailure('all ports are allocated'));
});

test("conflicts are told in Docker's words: ours by the holder's address, foreign ones by the kernel's reason", () => {
  const held = (ip: string) => world({ holders: () => [ip] });
  const of = (hostIps: string[], w: PortWorld) => () => allocatePort(request(8080, 8080, hostIps), '172.17.0.2', w);
  assert.throws(of(BOTH, held('0.0.0.0')), { message: 'Bind for 0.0.0.0:8080 failed: port is already allocated' });
  assert.throws(of(BOTH, held('127.0.0.1')), { message: 'Bind for 127.0.0.1:8080 failed: port is already allocated' });
  assert.throws(of(['127.0.0.1'], held('0.0.0.0')), {
    message: 'Bind for 0.0.0.0:8080 failed: port is already allocated',
  });
  assert.throws(of(['::1'], held('::')), { message: 'Bind for :::8080 failed: port is already allocated' });
  assert.throws(of(BOTH, world({ probe: () => 'EADDRINUSE' })), {
    message: 'failed to bind host port for 0.0.0.0:8080:172.17.0.2:80/tcp: address already in use',
  });
  assert.throws(of(['1.2.3.4'], world({ probe: () => 'EADDRNOTAVAIL' })), {
    message: 'failed to bind host port for 1.2.3.4:8080:172.17.0.2:80/tcp: cannot assign requested address',
  });
});

test('an IPv6 address stands in brackets where a port follows it', () => {
  assert.throws(() => allocatePort(request(7779, 7779, ['::']), '172.17.0.3', world({ probe: () => 'EADDRINUSE' })), {
    message: 'failed to bind host port for [::]:7779:172.17.0.3:80/tcp: address already in use',
  });
});

test('a range goes on past ports that others hold', () => {
  const probe: PortWorld['probe'] = (_, __, port) => (port === 7777 ? 'EADDRINUSE' : undefined);
  assert.equal(allocatePort(request(7777, 7778), '172.17.0.2', world({ probe })).port, 7778);
});

test('a host without IPv6 publishes without it, unless IPv6 was asked for', () => {
  const probe: PortWorld['probe'] = (_, ip) => (ip === '::' ? 'EAFNOSUPPORT' : undefined);
  assert.deepEqual(allocatePort(request(80), 'x', world({ probe })).hostIps, ['0.0.0.0']);
  assert.throws(() => allocatePort(request(80, 80, ['::']), 'x', world({ probe })), PortFailure);
});

test('a wildcard collides with its own family only', () => {
  assert.equal(collide('0.0.0.0', '10.0.0.1'), true);
  assert.equal(collide('::', '::1'), true);
  assert.equal(collide('0.0.0.0', '::'), false);
  assert.equal(collide('127.0.0.1', '127.0.0.2'), false);
});
