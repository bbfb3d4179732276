import type { Call, Case } from '../call.ts';

interface Wish {
  readonly driver: string;
  readonly options?: Readonly<Record<string, string>>;
  readonly more?: object;
}

const create = ({ driver, options = {}, more = {} }: Wish) => ({
  method: 'POST',
  path: '/v1.50/containers/create?name=logging',
  body: { Image: 'conformance', Cmd: ['true'], HostConfig: { LogConfig: { Type: driver, Config: options } }, ...more },
});

/** Refused or taken by the create. */
const CREATES: Readonly<Record<string, Wish>> = {
  'a driver that is not there': { driver: 'nosuch' },
  'an option of no driver': { driver: 'json-file', options: { foo: 'bar' } },
  'an option of another driver': { driver: 'local', options: { tag: 'x' } },
  'a mode that is none': { driver: 'json-file', options: { mode: 'foo' } },
  'a buffer without its mode': { driver: 'json-file', options: { 'max-buffer-size': '1m' } },
  'a buffer without a size': { driver: 'json-file', options: { 'max-buffer-size': 'zz', mode: 'non-blocking' } },
  'what only a start looks at': {
    driver: 'json-file',
    options: { 'max-size': 'x', compress: 'maybe', 'max-file': 'x' },
  },
  'a cache that is declined wrongly': { driver: 'syslog', options: { 'cache-disabled': 'foo' } },
  'syslog: a scheme': { driver: 'syslog', options: { 'syslog-address': 'foo://bar' } },
  'syslog: a socket': { driver: 'syslog', options: { 'syslog-address': 'unix:///nonexist' } },
  'syslog: a port': { driver: 'syslog', options: { 'syslog-address': 'udp://1.2.3.4:x' } },
  'syslog: a facility': { driver: 'syslog', options: { 'syslog-facility': 'foo' } },
  'syslog: a format': { driver: 'syslog', options: { 'syslog-format': 'foo' } },
  'fluentd: a scheme': { driver: 'fluentd', options: { 'fluentd-address': 'foo://bar' } },
  'fluentd: a path': { driver: 'fluentd', options: { 'fluentd-address': 'tcp://bar/path' } },
  'fluentd: a port': { driver: 'fluentd', options: { 'fluentd-address': 'host:99999' } },
  'fluentd: a flag': { driver: 'fluentd', options: { 'fluentd-async': 'foo' } },
  'fluentd: a number': { driver: 'fluentd', options: { 'fluentd-max-retries': 'foo' } },
  'fluentd: a duration': { driver: 'fluentd', options: { 'fluentd-retry-wait': 'foo' } },
  'fluentd: an interval': { driver: 'fluentd', options: { 'fluentd-async-reconnect-interval': '1ms' } },
  'gelf: no address': { driver: 'gelf' },
  'gelf: a scheme': { driver: 'gelf', options: { 'gelf-address': 'http://foo:1' } },
  'gelf: no port': { driver: 'gelf', options: { 'gelf-address': 'udp://foo' } },
  'gelf: compression over TCP': {
    driver: 'gelf',
    options: { 'gelf-address': 'tcp://1.2.3.4:5', 'gelf-compression-type': 'gzip' },
  },
  'gelf: a compression': {
    driver: 'gelf',
    options: { 'gelf-address': 'udp://1.2.3.4:5', 'gelf-compression-level': '10' },
  },
  'gelf: reconnecting over UDP': {
    driver: 'gelf',
    options: { 'gelf-address': 'udp://1.2.3.4:5', 'gelf-tcp-max-reconnect': '1' },
  },
};

/** Refused by the start. */
const STARTS: Readonly<Record<string, Wish>> = {
  'a template': { driver: 'json-file', options: { tag: '{{.Foo}}' } },
  'an unclosed template': { driver: 'json-file', options: { tag: '{{.Foo' } },
  'a pattern': { driver: 'json-file', options: { 'labels-regex': '[' } },
  'a count of files': { driver: 'json-file', options: { 'max-file': '0' } },
  'a count that is none': { driver: 'json-file', options: { 'max-file': 'x' } },
  'a size': { driver: 'json-file', options: { 'max-size': 'x' } },
  'a size of nothing': { driver: 'json-file', options: { 'max-size': '0' } },
  'a flag': { driver: 'json-file', options: { compress: 'maybe' } },
  'compression of one file': { driver: 'json-file', options: { compress: 'true', 'max-size': '1m' } },
  'local: a flag': { driver: 'local', options: { compress: 'maybe' } },
  'local: compression of one file': { driver: 'local', options: { 'max-file': '0' } },
  'local: a count': { driver: 'local', options: { 'max-file': 'x' } },
};

const inspect: Call = {
  method: 'GET',
  path: '/v1.50/containers/logging/json',
  only: ['LogPath'],
};
const start = { method: 'POST', path: '/v1.50/containers/logging/start' };
const wait = { method: 'POST', path: '/v1.50/containers/logging/wait' };
const logs = { method: 'GET', path: '/v1.50/containers/logging/logs?stdout=1&stderr=1&details=1' };

const told: Wish['more'] = {
  Cmd: ['sh', '-c', 'echo out; sleep 0.2; echo err >&2'],
  Env: ['A1=1', 'B=2', 'D=3'],
  Labels: { x: '1', AB: '3' },
};

const AWAY = { 'fluentd-address': '127.0.0.1:9', 'fluentd-async': 'true' };

/** What is readable afterwards, and how. */
const RUNS: Readonly<Record<string, Wish>> = {
  'json-file with labels, variables and a tag': {
    driver: 'json-file',
    options: {
      env: 'B,C',
      'env-regex': '^A',
      labels: 'x',
      'labels-regex': 'B$',
      tag: '{{.Name}}/{{upper .ImageName}}',
    },
    more: told,
  },
  local: { driver: 'local', options: { 'max-file': '2' }, more: told },
  none: { driver: 'none', more: told },
  'a sink that is away': { driver: 'fluentd', options: AWAY, more: told },
  'a sink without a cache': { driver: 'fluentd', options: { ...AWAY, 'cache-disabled': 'true' }, more: told },
};

const removes = ['logging'];

export const logging: readonly Case[] = [
  ...Object.entries(CREATES).map(([name, wish]) => ({ name: `create: ${name}`, removes, calls: [create(wish)] })),
  ...Object.entries(STARTS).map(([name, wish]) => ({ name: `start: ${name}`, removes, calls: [create(wish), start] })),
  ...Object.entries(RUNS).map(([name, wish]) => ({
    name: `run: ${name}`,
    removes,
    calls: [create(wish), start, wait, logs, inspect],
  })),
];
