import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkOptions, isReadable } from './options.ts';

/** Driver, options, and what dockerd 28 answers; '' where it takes them. */
const CASES: readonly [string, Readonly<Record<string, string>>, string][] = [
  ['json-file', { foo: 'bar' }, "unknown log opt 'foo' for json-file log driver"],
  ['json-file', { mode: 'foo' }, 'logger: logging mode not supported: foo'],
  [
    'json-file',
    { 'max-buffer-size': '1m' },
    "logger: max-buffer-size option is only supported with 'mode=non-blocking'",
  ],
  [
    'json-file',
    { 'max-buffer-size': 'zz', mode: 'non-blocking' },
    "error parsing option max-buffer-size: invalid size: 'zz'",
  ],
  ['json-file', { 'max-buffer-size': '4m', mode: 'non-blocking', 'max-size': 'x', compress: 'maybe' }, ''],
  ['local', { tag: 'x' }, "unknown log opt 'tag' for log driver local"],
  ['local', { compress: 'maybe' }, ''],
  ['none', { foo: 'bar', mode: 'x' }, ''],
  ['journald', { foo: '1' }, "unknown log opt 'foo' for journald log driver"],
  ['syslog', {}, ''],
  ['syslog', { 'cache-disabled': 'foo' }, 'invalid value for option cache-disabled: foo'],
  ['syslog', { 'cache-foo': '1' }, "unknown log opt 'cache-foo' for syslog log driver"],
  ['syslog', { 'syslog-address': 'foo' }, "unsupported scheme: ''"],
  ['syslog', { 'syslog-address': 'foo://bar' }, "unsupported scheme: 'foo'"],
  ['syslog', { 'syslog-address': 'tcp://' }, ''],
  ['syslog', { 'syslog-address': 'unix:///nonexist' }, 'stat /nonexist: no such file or directory'],
  ['syslog', { 'syslog-address': 'udp://1.2.3.4:x' }, 'parse "udp://1.2.3.4:x": invalid port ":x" after host'],
  ['syslog', { 'syslog-facility': '24' }, 'invalid syslog facility'],
  ['syslog', { 'syslog-facility': 'local7', 'syslog-format': 'rfc5424' }, ''],
  ['syslog', { 'syslog-format': 'foo' }, 'Invalid syslog format'],
  ['fluentd', { 'fluentd-address': 'foo://bar' }, "invalid fluentd-address (foo://bar): unsupported scheme: 'foo'"],
  [
    'fluentd',
    { 'fluentd-address': 'tcp://bar/path' },
    'invalid fluentd-address (tcp://bar/path): should not contain a path element',
  ],
  ['fluentd', { 'fluentd-address': 'unix://' }, 'invalid fluentd-address (unix://): path is empty'],
  [
    'fluentd',
    { 'fluentd-address': 'host:99999' },
    'invalid fluentd-address (host:99999): invalid port: strconv.ParseUint: parsing "99999": value out of range',
  ],
  ['fluentd', { 'fluentd-async': 'foo' }, 'strconv.ParseBool: parsing "foo": invalid syntax'],
  ['fluentd', { 'fluentd-buffer-limit': 'foo' }, "invalid size: 'foo'"],
  ['fluentd', { 'fluentd-retry-wait': 'foo' }, 'time: invalid duration "foo"'],
  ['fluentd', { 'fluentd-max-retries': 'foo' }, 'strconv.ParseUint: parsing "foo": invalid syntax'],
  [
    'fluentd',
    { 'fluentd-write-timeout': 'foo' },
    'invalid value for fluentd-write-timeout: value must be a duration: time: invalid duration "foo"',
  ],
  [
    'fluentd',
    { 'fluentd-async-reconnect-interval': '1ms' },
    'invalid value for fluentd-async-reconnect-interval: value ("1ms") must be between 100ms and 10s',
  ],
  ['fluentd', { 'fluentd-async-reconnect-interval': '1s', 'fluentd-retry-wait': '1m30.5s' }, ''],
  ['gelf', { foo: 'bar' }, 'gelf-address is a required parameter'],
  ['gelf', { 'gelf-address': 'http://foo:1' }, 'gelf: endpoint needs to be TCP or UDP'],
  ['gelf', { 'gelf-address': 'udp://foo' }, 'gelf: please provide gelf-address as proto://host:port'],
  [
    'gelf',
    { 'gelf-address': 'udp://h:1', 'gelf-compression-level': '10' },
    'unknown value "10" for log opt "gelf-compression-level" for gelf log driver',
  ],
  ['gelf', { 'gelf-address': 'tcp://h:1', 'gelf-compression-type': 'gzip' }, 'compression is only supported on UDP'],
  [
    'gelf',
    { 'gelf-address': 'udp://h:1', 'gelf-tcp-max-reconnect': '1' },
    '"gelf-tcp-max-reconnect" is only valid for TCP',
  ],
  [
    'gelf',
    { 'gelf-address': 'tcp://h:1', 'gelf-tcp-reconnect-delay': 'x' },
    '"gelf-tcp-reconnect-delay" must be a positive integer',
  ],
];

test('options are taken and refused as dockerd 28 does', () => {
  for (const [driver, options, message] of CASES) {
    const check = () => checkOptions(driver, options);
    if (message === '') assert.doesNotThrow(check, `${driver} ${JSON.stringify(options)}`);
    else assert.throws(check, { kind: 'invalid-argument', message });
  }
});

test('all can be read but none and a declined cache', () => {
  const declined = { 'cache-disabled': 'true' };
  assert.deepEqual(
    ['json-file', 'local', 'none', 'syslog'].map((driver) => [isReadable(driver, {}), isReadable(driver, declined)]),
    [
      [true, true],
      [true, true],
      [false, false],
      [true, false],
    ],
  );
});
