import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { TestDaemon } from '../harness/daemon.ts';
import { startDaemon } from '../harness/daemon.ts';
import { Workshop } from './projects/build.ts';
import { DIFFERENCES } from './projects/differences.ts';
import type { FailureFact, ProjectFact } from './projects/projects.ts';
import { readProjects } from './projects/projects.ts';

/** Images of projects as people have them are, file by file, what a real dockerd made of them. */
const FACTS: Record<string, ProjectFact | FailureFact> = JSON.parse(
  readFileSync(join(import.meta.dirname, 'facts/projects.json'), 'utf8'),
);
const GANTRY = resolve(import.meta.dirname, '../../bin/gantry');
let daemon: TestDaemon;
let workshop: Workshop;

before(async () => {
  daemon = await startDaemon();
  // Times as they are: how they are made the same everywhere is test/integration/build/times.test.ts.
  const words = ['build', '--progress=plain', '--build-arg', 'SOURCE_DATE_EPOCH=off'];
  workshop = await Workshop.open({ socket: daemon.socket, program: GANTRY, words, isOffline: false });
});
after(async () => {
  workshop[Symbol.dispose]();
  await daemon.destroy();
});

/** The fact as it is to be here. */
function expected(name: string, fact: ProjectFact | FailureFact): ProjectFact | FailureFact {
  if ('error' in fact) return fact;
  const here = DIFFERENCES.filter(({ project }) => project === name);
  const [docker, gantry] = [here.flatMap((each) => each.docker), here.flatMap((each) => each.gantry)];
  assert.deepEqual(
    docker.filter((line) => !fact.files.includes(line)),
    [],
    'no fact any more',
  );
  return { ...fact, files: [...fact.files.filter((line) => !docker.includes(line)), ...gantry].sort() };
}

describe('projects', () => {
  for (const [i, project] of readProjects().entries()) {
    test(project.name, async () => {
      const fact = FACTS[project.name];
      assert.ok(fact, 'not recorded: run test/conformance/record-projects.ts');
      const seen = await workshop.build(project, project.tag || `projects/result:${i}`);
      assert.deepEqual(seen, expected(project.name, fact));
    });
  }
});
