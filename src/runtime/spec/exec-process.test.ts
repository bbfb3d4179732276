import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CAPABILITIES, DEFAULT_CAPABILITIES } from './capabilities.ts';
import type { ExecProcessInput } from './exec-process.ts';
import { execProcess } from './exec-process.ts';
import { containerConfig, DEFAULTS, hostConfig, V1_HOST } from './testing.ts';

const exec: ExecProcessInput['exec'] = {
  args: ['id'],
  env: [],
  user: '',
  workingDir: '',
  tty: false,
  privileged: false,
};
const input = (given: Partial<typeof exec> = {}) => ({
  exec: { ...exec, ...given },
  config: containerConfig({ User: 'app', WorkingDir: '/srv', Env: ['PATH=/bin', 'A=1'] }),
  hostConfig: hostConfig({ GroupAdd: ['77'], SecurityOpt: ['no-new-privileges'] }),
  accounts: { passwd: 'app:x:1000:1001::/home/app:\n' },
  defaults: DEFAULTS,
  host: V1_HOST,
});

test("an exec runs as the container's process does", () =>
  assert.deepEqual(execProcess(input()), {
    user: { uid: 1000, gid: 1001, additionalGids: [1001, 77] },
    args: ['id'],
    env: ['PATH=/bin', 'HOSTNAME=5d2b0f1f3c1a', 'A=1', 'HOME=/home/app'],
    cwd: '/srv',
    capabilities: {
      bounding: DEFAULT_CAPABILITIES,
      effective: DEFAULT_CAPABILITIES,
      permitted: DEFAULT_CAPABILITIES,
    },
    noNewPrivileges: true,
    oomScoreAdj: 0,
  }));

test('another user keeps the added groups', () => {
  const { user, env } = execProcess(input({ user: '8' }));
  assert.deepEqual(user, { uid: 8, gid: 0, additionalGids: [0, 77] });
  assert.ok(env.includes('HOME=/'));
});

test('a terminal, variables, a folder, privileges', () => {
  const given = { tty: true, env: ['A=2', 'B=3'], workingDir: '/x', privileged: true };
  const { env, cwd, terminal, capabilities } = execProcess(input(given));
  assert.deepEqual(env, ['PATH=/bin', 'HOSTNAME=5d2b0f1f3c1a', 'TERM=xterm', 'A=2', 'B=3', 'HOME=/home/app']);
  assert.deepEqual([cwd, terminal, capabilities?.bounding], ['/x', true, CAPABILITIES]);
});
