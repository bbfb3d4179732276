import assert from 'node:assert/strict';
import { test } from 'node:test';
import { detectSyntax, findDirective } from './directives.ts';
import { isOwnSyntax } from './own-syntax.ts';

test("Docker's own frontends are known in every version", () => {
  const digest = `@sha256:${'a'.repeat(64)}`;
  for (const own of [
    '',
    ':1',
    ':1.7',
    ':1.7.1',
    ':1-labs',
    ':1.20-labs',
    ':latest',
    ':master',
    digest,
    `:1${digest}`,
  ]) {
    assert.ok(isOwnSyntax(`docker/dockerfile${own}`), own);
    assert.ok(isOwnSyntax(`docker.io/docker/dockerfile${own}`), own);
  }
  for (const other of ['docker/dockerfile:2', 'x/dockerfile', 'docker/dockerfiles', 'ghcr.io/docker/dockerfile', '']) {
    assert.ok(!isOwnSyntax(other), other);
  }
});

test('the syntax is found in every form that names one', () => {
  const cases: [source: string, syntax: string | undefined][] = [
    ['# syntax=a/b:1\nFROM x', 'a/b:1'],
    ['\uFEFF# syntax = a/b:1 more words\r\nFROM x', 'a/b:1'],
    ['#!/usr/bin/env x\n# escape=`\n# syntax=a\n', 'a'],
    ['// syntax=a\nFROM x', 'a'],
    ['{"syntax": "a", "x": [1]}', 'a'],
    ['{"syntax": 1}', undefined],
    ['# comment\n# syntax=a', undefined],
    ['FROM x', undefined],
    ['', undefined],
  ];
  for (const [source, syntax] of cases) assert.equal(detectSyntax(source), syntax, source);
  assert.equal(findDirective('check', '#!x\n# check=skip=all')?.lines.first, 2);
});
