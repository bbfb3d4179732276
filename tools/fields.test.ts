import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { FIELDS, faults } from './fields.ts';
import { OPENAPI_FILE } from './openapi.ts';

type Schemas = Readonly<Record<string, { readonly properties: Readonly<Record<string, unknown>> }>>;

test('every field of a create and an update request is acted upon, refused, or ignored for a reason', () => {
  const { components } = JSON.parse(readFileSync(OPENAPI_FILE, 'utf8')) as { components: { schemas: Schemas } };
  const names = ['container.Config', 'container.HostConfig', 'container.UpdateConfig'];
  const specified = new Set(names.flatMap((name) => Object.keys(components.schemas[name]!.properties)));
  assert.ok(specified.size > 90);
  assert.deepEqual(faults([...specified]), []);
});

test('a field that nobody reads, or that nothing is said of, is found', () => {
  assert.deepEqual(faults([...Object.keys(FIELDS), 'NoSuch']), ['NoSuch: nothing says what becomes of it']);
  assert.match(faults([])[0]!, /no field of the specification/);
});
