import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { OPENAPI_FILE, openApi, openApiText } from './openapi.ts';

test('the OpenAPI document is the one that the route table makes', () => {
  assert.ok(readFileSync(OPENAPI_FILE, 'utf8') === openApiText(), 'run node tools/openapi.ts');
});

test('every reference in it leads somewhere', () => {
  const text = JSON.stringify(openApi());
  const { components } = openApi() as { components: { schemas: object } };
  const references = [...text.matchAll(/#\/components\/schemas\/([\w.]+)/g)].map((match) => match[1]!);
  assert.ok(references.length > 20);
  assert.deepEqual(
    references.filter((name) => !(name in components.schemas)),
    [],
  );
});
