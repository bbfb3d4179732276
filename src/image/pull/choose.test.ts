import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Descriptor } from '#oci';
import { parsePlatform } from '#oci';
import { chooseManifest } from './choose.ts';

const index = (...platforms: string[]): Descriptor[] =>
  platforms.map((text) => {
    const [os, architecture, variant] = text.split('/');
    return { mediaType: '', digest: text, size: 0, platform: { os: os!, architecture: architecture!, variant } };
  });

const chosen = (wanted: string, ...platforms: string[]) =>
  chooseManifest(index(...platforms), parsePlatform(wanted)).digest;

test('of an index the best that runs on the platform is chosen', () => {
  assert.equal(chosen('linux/amd64', 'linux/386', 'linux/amd64'), 'linux/amd64');
  assert.equal(chosen('linux/amd64', 'linux/386', 'linux/arm64'), 'linux/386');
  assert.equal(chosen('linux/arm64', 'linux/arm/v6', 'linux/arm/v7', 'linux/amd64'), 'linux/arm/v7');
  assert.equal(chosen('linux/arm64', 'linux/arm/v7', 'linux/arm64/v8'), 'linux/arm64/v8');
  assert.equal(chosen('linux/arm/v6', 'linux/arm/v7', 'linux/arm/v5', 'linux/arm/v6'), 'linux/arm/v6');
  assert.equal(chosen('linux/amd64/v3', 'linux/amd64', 'linux/amd64/v2', 'linux/amd64/v4'), 'linux/amd64/v2');
});

test('nothing that fits is told with Docker’s words', () => {
  assert.throws(() => chosen('linux/arm64', 'linux/amd64'), {
    message: 'no matching manifest for linux/arm64/v8 in the manifest list entries',
  });
  assert.equal(chooseManifest([{ mediaType: '', digest: 'd', size: 0 }], parsePlatform('linux/s390x')).digest, 'd');
});
