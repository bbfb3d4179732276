import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { parseHtpasswd } from './htpasswd.ts';
import { isGranted, isMatch } from './rights.ts';
import { issueToken, readToken } from './token.ts';

test('patterns of repositories', () => {
  for (const [pattern, text] of [
    ['*', 'a/b'],
    ['team/*', 'team/a/b'],
    ['*/x', 'a/x'],
    ['a*c*e', 'abcde'],
    ['a', 'a'],
  ]) {
    assert.equal(isMatch(pattern!, text!), true, `${pattern} ${text}`);
  }
  for (const [pattern, text] of [
    ['team/*', 'team'],
    ['ab*ba', 'aba'],
    ['a', 'b'],
    ['a*c*e', 'ace1'],
  ]) {
    assert.equal(isMatch(pattern!, text!), false, `${pattern} ${text}`);
  }
});

test('the first rule that fits decides', () => {
  const rules = [
    { account: 'anonymous', repository: 'public/*', actions: ['pull'] },
    { account: 'alice', repository: '*', actions: ['pull', 'push'] },
    { account: '*', repository: '*', actions: ['pull'] },
  ] as const;
  const may = (account: string | undefined, repository: string, action: 'pull' | 'push' | 'delete') =>
    isGranted(rules, account, { repository, action });
  assert.deepEqual([may(undefined, 'public/a', 'pull'), may(undefined, 'public/a', 'push')], [true, false]);
  assert.deepEqual(
    [may('alice', 'x', 'push'), may('alice', 'x', 'delete'), may('bob', 'x', 'push')],
    [true, false, false],
  );
  assert.equal(may(undefined, 'x', 'pull'), false);
  assert.equal(isGranted([rules[0]], 'anonymous', { repository: 'public/a', action: 'pull' }), false);
});

test('lines of accounts: bcrypt only', () => {
  const hash = `$2y$05$${'a'.repeat(53)}`;
  const found = parseHtpasswd(`alice:${hash}\nbob:{SHA}x\n#x:${hash}\n:${hash}\ncarol:plain\n`);
  assert.deepEqual([...found], [['alice', hash]]);
});

test('a token is believed only when it is whole, ours, meant for us and of this time', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const claims = { iss: 'i', aud: 's', sub: 'alice', iat: 100, nbf: 100, exp: 200, access: [] };
  const expected = { key: publicKey, issuer: 'i', service: 's', now: 150 };
  const token = issueToken(claims, privateKey);
  assert.deepEqual(readToken(token, expected), claims);
  assert.equal(readToken(token, { ...expected, service: 'other' }), undefined);
  assert.equal(readToken(token, { ...expected, now: 200 }), undefined);
  assert.equal(readToken(token, { ...expected, now: 90 }), undefined);
  const other = generateKeyPairSync('ed25519');
  assert.equal(readToken(issueToken(claims, other.privateKey), expected), undefined);
  const [, body, signature] = token.split('.');
  const jwk = other.publicKey.export({ format: 'jwk' });
  for (const header of [{ alg: 'none' }, { typ: 'JWT', alg: 'EdDSA', jwk }, { typ: 'JWT', alg: 'HS256' }]) {
    const forged = Buffer.from(JSON.stringify(header)).toString('base64url');
    assert.equal(readToken(`${forged}.${body}.${signature}`, expected), undefined);
  }
  for (const bad of ['', 'a.b', 'a.b.c', `${token}.x`, 'x'.repeat(100_000)]) {
    assert.equal(readToken(bad, expected), undefined);
  }
});
