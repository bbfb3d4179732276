import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apparmorProfile } from './apparmor.ts';
import { buildSpec } from './build.ts';
import { DEFAULTS, hostConfig, specInput, V2_HOST } from './testing.ts';

const host = { ...V2_HOST, apparmor: true };
const profileOf = (given: Parameters<typeof hostConfig>[0]) =>
  apparmorProfile(hostConfig(given), { host, defaults: DEFAULTS });

test('a container runs under the profile that it asks for, else under the default one, privileged under none', () => {
  assert.equal(profileOf({}), 'gantry-default');
  assert.equal(profileOf({ Privileged: true }), 'unconfined');
  assert.equal(profileOf({ SecurityOpt: ['apparmor=mine'] }), 'mine');
  assert.equal(profileOf({ SecurityOpt: ['apparmor=mine'], Privileged: true }), 'mine');
  assert.equal(profileOf({ SecurityOpt: ['apparmor=unconfined'] }), 'unconfined');
});

test('a host without AppArmor has no profiles', () => {
  const asked = hostConfig({ SecurityOpt: ['apparmor=mine'] });
  assert.equal(apparmorProfile(asked, { host: V2_HOST, defaults: DEFAULTS }), undefined);
  assert.equal(buildSpec(specInput({ host: V2_HOST, hostConfig: asked })).spec.process.apparmorProfile, undefined);
  assert.equal(buildSpec(specInput({ host })).spec.process.apparmorProfile, 'gantry-default');
});
