import { after, before, describe, test } from 'node:test';
import { apparmor, lifeCycle, limits, liveLimits, quickstart, uninstall, unitRestart } from './host-suite.ts';
import type { Machine } from './machine.ts';
import { boot } from './machine.ts';

describe('Debian 13, from bare', () => {
  let machine: Machine;
  before(async () => {
    machine = await boot('trixie', 'smoke');
  });
  after(() => machine.destroy());
  for (const step of [quickstart, lifeCycle, limits, liveLimits, apparmor, unitRestart, uninstall])
    test(step.name, () => step.run(machine));
});
