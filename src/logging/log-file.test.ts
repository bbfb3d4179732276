import assert from 'node:assert/strict';
import { test } from 'node:test';
import { logFile } from './log-file.ts';
import type { LogSubject } from './subject.ts';

const subject = (driver: string, options: Readonly<Record<string, string>>): LogSubject => ({
  id: 'a40f2562521ff7be0f057afc62106602d536218fc24cbe7e6b135abb4cf26fdc',
  name: 'web',
  createdNano: 1_795_885_976_308_163_568n,
  imageId: 'sha256:b27d94566fbd58b0edea8c6bbb47bdfbe1186eb4d7cc8de97bda0d7fa690b06e',
  imageName: 'conformance',
  path: 'echo',
  args: ['hi'],
  env: ['A1=1', 'B=2', 'D=3', 'broken'],
  labels: { x: '1', y: '2', AB: '3' },
  logPath: '/logs/x-json.log',
  driver,
  options,
});
const DEFAULTS = { 'max-size': '20m', 'max-file': '5' };

test('a file has the limits asked for, else the defaults', () => {
  const of = (driver: string, options = {}) => {
    const { maxSize, maxFile, compress } = logFile(subject(driver, options), 'max-size' in options ? {} : DEFAULTS)!;
    return [maxSize, maxFile, compress];
  };
  assert.deepEqual(of('json-file'), [20_000_000, 5, false]);
  assert.deepEqual(of('json-file', { 'max-size': '10k' }), [10_000, 1, false]);
  assert.deepEqual(of('json-file', { 'max-size': '-1' }), [-1, 1, false]);
  assert.deepEqual(of('local'), [20_000_000, 5, true]);
  assert.deepEqual(of('syslog', { 'cache-max-file': '0', 'cache-max-size': 'x' }), [20_000_000, 1, false]);
  assert.equal(logFile(subject('none', {}), DEFAULTS), undefined);
});

test('labels and variables are chosen by name and pattern', () => {
  const options = { env: 'B,C', 'env-regex': '^A', labels: 'x', 'labels-regex': 'B$' };
  assert.deepEqual(logFile(subject('json-file', options), {})!.attributes, { A1: '1', AB: '3', B: '2', x: '1' });
});

test('a tag is a Go template over what Docker offers', () => {
  const fields = ['ID', 'Name', 'ImageID', 'ImageName', 'DaemonName', 'Command', 'ContainerName', 'ContainerCreated'];
  const tag = [...fields.map((field) => `{{.${field}}}`), '{{upper .Name}}', '{{index .ContainerLabels "x"}}'].join(
    '/',
  );
  assert.equal(
    logFile(subject('json-file', { tag }), {})!.attributes.tag,
    'a40f2562521f/web/sha256:b27d9/conformance/docker/echo hi//web/2026-11-28 17:12:56.308163568 +0000 UTC/WEB/1',
  );
});

test('what is wrong with it is told by the start, in Docker’s words', () => {
  const words = 'failed to create task for container: failed to initialize logging driver: ';
  const cases: [string, Readonly<Record<string, string>>, string][] = [
    ['json-file', { tag: '{{.Foo' }, 'template: log-tag:1: unclosed action'],
    [
      'syslog',
      { tag: '{{.Foo}}' },
      `template: log-tag:1:2: executing "log-tag" at <.Foo>: can't evaluate field Foo in type *logger.Info`,
    ],
    ['json-file', { 'labels-regex': '[' }, 'error parsing regexp: missing closing ]: `[`'],
    ['json-file', { 'max-file': '0' }, 'max-file cannot be less than 1'],
    ['json-file', { 'max-file': 'x' }, 'strconv.Atoi: parsing "x": invalid syntax'],
    ['json-file', { 'max-size': 'x' }, "invalid size: 'x'"],
    ['json-file', { 'max-size': '0' }, 'max-size must be a positive number'],
    ['json-file', { compress: 'maybe' }, 'strconv.ParseBool: parsing "maybe": invalid syntax'],
    ['json-file', { compress: 'true' }, 'compress cannot be true when max-file is less than 2 or max-size is not set'],
    [
      'local',
      { compress: 'maybe' },
      'error reading compress log option: strconv.ParseBool: parsing "maybe": invalid syntax',
    ],
    ['local', { 'max-file': '0' }, 'compression cannot be enabled when max file count is 1'],
    ['local', { 'max-file': 'x' }, 'invalid value for max-file: x: strconv.Atoi: parsing "x": invalid syntax'],
  ];
  for (const [driver, options, message] of cases) {
    assert.throws(() => logFile(subject(driver, options), {}), { kind: 'internal', message: words + message });
  }
});
