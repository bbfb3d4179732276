import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Route } from './index.ts';
import { routes } from './index.ts';
import { Router } from './router.ts';
import { cleanPath, decodePart, parseTarget, versionFault } from './target.ts';

const router = new Router(routes);
const found = (method: string, path: string) => {
  const match = router.find(method, path);
  return match && [match.route.path, ...match.names];
};

test('names take slashes, literal paths win, the longest ending wins', () => {
  assert.deepEqual(found('GET', '/images/a/b/c/json'), ['/images/{name}/json', 'a/b/c']);
  assert.deepEqual(found('GET', '/images/json'), ['/images/json']);
  assert.deepEqual(found('GET', '/containers/json'), ['/containers/json']);
  assert.deepEqual(found('DELETE', '/images/localhost:5000/a'), ['/images/{name}', 'localhost:5000/a']);
  assert.deepEqual(found('DELETE', '/containers/a/checkpoints/b'), [
    '/containers/{name}/checkpoints/{checkpoint}',
    'a',
    'b',
  ]);
  assert.deepEqual(found('GET', '/networks/'), ['/networks/']);
});

test('unknown paths and wrong methods are not found', () => {
  assert.equal(found('GET', '/nope'), undefined);
  assert.equal(found('GET', '/info/'), undefined);
  assert.equal(found('PATCH', '/info'), undefined);
  assert.equal(found('POST', '/containers/json'), undefined);
  assert.equal(found('HEAD', '/info'), undefined);
});

test('no two routes have the same method and path', () => {
  const lines = routes.map(({ method, path }: Route) => `${method} ${path}`);
  assert.deepEqual(
    lines.filter((line, i) => lines.indexOf(line) !== i),
    [],
  );
});

test('targets have a version or none, a path and a query', () => {
  assert.deepEqual(parseTarget('/v1.50/a/b?c=d?e'), { version: '1.50', path: '/a/b', query: 'c=d?e' });
  assert.deepEqual(parseTarget('/_ping'), { version: undefined, path: '/_ping', query: '' });
  assert.deepEqual(parseTarget('http://host/v1.24/info'), { version: '1.24', path: '/info', query: '' });
  assert.deepEqual(parseTarget('/version'), { version: undefined, path: '/version', query: '' });
  assert.equal(parseTarget('/vx/info').version, undefined);
});

test('empty and dotted segments are cleaned away', () => {
  assert.equal(cleanPath('//info'), '/info');
  assert.equal(cleanPath('/containers/../info'), '/info');
  assert.equal(cleanPath('/a/./b/'), '/a/b/');
  assert.equal(cleanPath('/../../x'), '/x');
  assert.equal(cleanPath('/images/.hidden/json'), undefined);
  assert.equal(cleanPath('/info'), undefined);
});

test('versions out of range are told in the words of Docker', () => {
  assert.equal(
    versionFault('1.23'),
    'client version 1.23 is too old. Minimum supported API version is 1.24, please upgrade your client to a newer version',
  );
  assert.equal(versionFault('1.99'), 'client version 1.99 is too new. Maximum supported API version is 1.50');
  assert.equal(versionFault('1.24'), undefined);
  assert.equal(versionFault('1.50'), undefined);
});

test('parts of paths are decoded; broken encoding is told apart from bytes that are no UTF-8', () => {
  assert.equal(decodePart('a%2Fb'), 'a/b');
  assert.equal(decodePart('%zz'), undefined);
  assert.equal(decodePart('%ff'), '\ufffd');
});
