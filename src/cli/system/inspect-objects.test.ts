import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { indentJson } from '../format/json-indent.ts';
import { objectRenderer } from './inspect-objects.ts';

interface Recorded {
  gcli1: object;
  gcli2: object;
  busybox: object;
  list: string;
  listText: string;
  cases: {
    type: 'container' | 'image';
    name: 'gcli1' | 'gcli2' | 'busybox';
    format: string;
    out: string;
    err: string;
  }[];
}

const recorded = JSON.parse(readFileSync(new URL('../testdata/inspect.json', import.meta.url), 'utf8')) as Recorded;

test('templates over inspected objects print what docker 28 printed', async (t) => {
  for (const { type, name, format, out, err } of recorded.cases) {
    await t.test(`${name} ${format}`, async () => {
      const text = JSON.stringify(recorded[name]);
      const shown = await objectRenderer(format).then(
        (render) => attempt(() => `${render?.({ type, text })}\n`),
        (error: Error) => ({ failure: error.message }),
      );
      if (err === '') assert.deepEqual(shown, { text: out });
      else assert.deepEqual(shown, { failure: err.trim() });
    });
  }
});

test('an object is indented as docker 28 indents it', () => {
  assert.equal(`${indentJson(`[${recorded.listText.trim()}]`)}\n`, recorded.list);
});

function attempt(work: () => string): { text: string } | { failure: string } {
  try {
    return { text: work() };
  } catch (error) {
    return { failure: (error as Error).message };
  }
}
