import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_CAPABILITIES } from '../spec/capabilities.ts';
import { hostConfig, specInput, V1_HOST } from '../spec/testing.ts';
import { DEFAULT_PROFILE } from './default-profile.ts';
import { parseProfile } from './profile.ts';
import { resolveProfile } from './resolve.ts';
import { specSeccomp } from './select.ts';

const target = (given = {}) => ({
  architecture: 'amd64',
  kernel: { version: 6, major: 1 },
  capabilities: DEFAULT_CAPABILITIES,
  ...given,
});
const allowed = (profile: ReturnType<typeof resolveProfile>) =>
  new Set(profile?.syscalls?.filter((rule) => rule.action === 'SCMP_ACT_ALLOW').flatMap((rule) => rule.names));

test("the default profile has Docker's coverage", () => {
  assert.equal(DEFAULT_PROFILE.syscalls[0]?.names.length, 361);
  assert.equal(new Set(DEFAULT_PROFILE.syscalls[0]?.names).size, 361);
  assert.equal(DEFAULT_PROFILE.syscalls.length, 33);
  const profile = resolveProfile(DEFAULT_PROFILE, target());
  assert.deepEqual(profile?.architectures, ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32']);
  const names = allowed(profile);
  for (const name of [
    'openat2',
    'landlock_create_ruleset',
    'memfd_secret',
    'statmount',
    'chroot',
    'arch_prctl',
    'ptrace',
  ])
    assert.ok(names.has(name), name);
  for (const name of [
    'io_uring_setup',
    'keyctl',
    'bpf',
    'userfaultfd',
    'mount',
    'kexec_load',
    'pidfd_getfd',
    'unshare',
  ])
    assert.ok(!names.has(name), name);
  const clone3 = profile?.syscalls?.find((rule) => rule.names.includes('clone3'));
  assert.deepEqual(clone3, { names: ['clone3'], action: 'SCMP_ACT_ERRNO', errnoRet: 38 });
});

test('capabilities, architecture and kernel decide groups', () => {
  const admin = allowed(resolveProfile(DEFAULT_PROFILE, target({ capabilities: ['CAP_SYS_ADMIN'] })));
  assert.ok(admin.has('mount') && admin.has('clone3') && !admin.has('chroot'));
  const arm = resolveProfile(DEFAULT_PROFILE, target({ architecture: 'arm64' }));
  assert.deepEqual(arm?.architectures, ['SCMP_ARCH_AARCH64', 'SCMP_ARCH_ARM']);
  assert.ok(allowed(arm).has('cacheflush') && !allowed(arm).has('arch_prctl'));
  const old = allowed(resolveProfile(DEFAULT_PROFILE, target({ kernel: { version: 4, major: 7 } })));
  assert.ok(!old.has('ptrace'));
});

test("profiles of users: Docker's format, conditions, old names", () => {
  const profile = parseProfile(
    JSON.stringify({
      defaultAction: 'SCMP_ACT_ALLOW',
      syscalls: [
        { name: 'mkdir', action: 'SCMP_ACT_ERRNO', args: [] },
        { names: ['chmod'], action: 'SCMP_ACT_ERRNO', errnoRet: 5, excludes: { caps: ['CAP_CHOWN'] } },
        { names: ['chown'], action: 'SCMP_ACT_ERRNO', includes: { minKernel: '99.1' } },
      ],
    }),
  );
  assert.deepEqual(resolveProfile(profile, target()), {
    defaultAction: 'SCMP_ACT_ALLOW',
    syscalls: [{ names: ['mkdir'], action: 'SCMP_ACT_ERRNO' }],
  });
});

test('bad profiles are refused', () => {
  for (const text of ['{bad', '[]', '{"syscalls":5}', '{"syscalls":[5]}', '{"syscalls":[{"names":["a"]}]}'])
    assert.throws(() => parseProfile(text), /^EngineError: Decoding seccomp profile failed: /, text);
  assert.throws(() => parseProfile('{"syscalls":[{"name":"a","names":["b"],"action":"SCMP_ACT_LOG"}]}'), {
    message: "both 'name' and 'names' are specified in the seccomp profile, use either 'name' or 'names'",
  });
  assert.throws(
    () => parseProfile('{"syscalls":[{"names":["a"],"action":"SCMP_ACT_LOG","includes":{"minKernel":"x"}}]}'),
    /invalid kernel version: "x"/,
  );
});

test('who is unconfined, and who gets a compiled filter', () => {
  const input = (given = {}) => ({ ...specInput(), compileSeccomp: () => 'QkBG', ...given });
  const choose = (option: string, given = {}) => specSeccomp(input(given), option, DEFAULT_CAPABILITIES);
  assert.deepEqual(choose('unconfined'), { annotations: {} });
  assert.deepEqual(choose('', { hostConfig: hostConfig({ Privileged: true }) }), { annotations: {} });
  assert.deepEqual(choose('').annotations, { 'run.oci.seccomp_bpf_data': 'QkBG' });
  assert.deepEqual(choose('', { runtime: { name: 'runc', disablesCgroups: false } }).annotations, {});
  assert.equal(choose('builtin').profile, choose('').profile);
  const host = { ...V1_HOST, seccomp: false };
  assert.deepEqual(choose('', { host }), { annotations: {} });
  assert.throws(() => choose('{"syscalls":[]}', { host }), {
    message: 'seccomp is not enabled in your kernel, cannot run a custom seccomp profile',
  });
});
