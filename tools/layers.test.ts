import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EDGES, judge, specifiers } from './layers.ts';

test('the table points down only: every edge names a module that stands before it', () => {
  const order = Object.keys(EDGES);
  for (const [module, edges] of Object.entries(EDGES)) {
    for (const target of edges) assert.ok(order.indexOf(target) < order.indexOf(module), `${module} → ${target}`);
  }
});

test('every form of import is seen', () => {
  const text = `import a from '#a';\nimport type { B } from './b.ts';\nexport {\n  c,\n} from './c.ts';\nconst d = await import('./d.ts');\nimport '#e';\n`;
  assert.deepEqual(specifiers(text).sort(), ['#a', '#e', './b.ts', './c.ts', './d.ts']);
});

test('edges, doors and reserved packages are judged', () => {
  const cases: [string, string, RegExp | undefined][] = [
    ['src/image/load.ts', '#content', undefined],
    ['src/image/load.ts', '#network', /no edge image → network/],
    ['src/image/load.ts', './store.ts', undefined],
    ['src/image/load.ts', '../content/blob.ts', /#door/],
    ['src/image/load.ts', '#image', /own door/],
    ['src/image/load.ts', 'koffi', /only sys/],
    ['src/sys/libc.ts', 'koffi', undefined],
    ['src/attic/x.ts', '#sys', /not in the table/],
  ];
  for (const [file, specifier, expected] of cases) {
    const reason = judge(file, specifier);
    if (expected) assert.match(reason ?? '', expected, `${file} ${specifier}`);
    else assert.equal(reason, undefined, `${file} ${specifier}`);
  }
});
