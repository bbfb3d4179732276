import { after, before, describe, test } from 'node:test';
import {
  apparmor,
  lifeCycle,
  limits,
  liveLimits,
  manyLayers,
  powerCut,
  quickstart,
  reboot,
  uninstall,
  unitRestart,
  userNamespaces,
} from './host-suite.ts';
import { imageCuts } from './image-cuts.ts';
import type { Machine, Suite } from './machine.ts';
import { boot } from './machine.ts';

const NAMES: Readonly<Record<Suite, string>> = { bookworm: 'Debian 12', trixie: 'Debian 13' };

for (const suite of ['bookworm', 'trixie'] as const) {
  describe(NAMES[suite], () => {
    let machine: Machine;
    before(async () => {
      machine = await boot(suite, `host-${suite}`);
    });
    after(() => machine.destroy());
    const steps = [
      quickstart,
      lifeCycle,
      limits,
      liveLimits,
      userNamespaces,
      apparmor,
      unitRestart,
      manyLayers,
      reboot,
      powerCut,
      ...imageCuts,
      uninstall,
    ];
    for (const step of steps) test(step.name, () => step.run(machine));
  });
}
