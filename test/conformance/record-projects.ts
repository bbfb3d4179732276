import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Workshop } from './projects/build.ts';
import type { FailureFact, ProjectFact } from './projects/projects.ts';
import { readProjects } from './projects/projects.ts';

/**
 * Records what the BuildKit of a real dockerd makes of every project, through buildx:
 * `DOCKER_HOST=unix://… DOCKER_CONFIG=… node test/conformance/record-projects.ts [pattern of names]`.
 */
const host = process.env.DOCKER_HOST ?? '';
if (!host.startsWith('unix://')) throw new Error('DOCKER_HOST must name the unix socket of a real dockerd');
const path = join(import.meta.dirname, 'facts/projects.json');
const pattern = process.argv[2] && new RegExp(process.argv[2]);
const before: Record<string, ProjectFact | FailureFact> = pattern ? JSON.parse(readFileSync(path, 'utf8')) : {};
const facts: Record<string, ProjectFact | FailureFact> = {};
using workshop = await Workshop.open({
  socket: host.slice('unix://'.length),
  program: 'docker',
  words: ['buildx', 'build', '--progress=plain', '--provenance=false'],
  isOffline: true,
});
for (const [i, project] of readProjects().entries()) {
  const { name, tag } = project;
  const isKept = pattern && !pattern.test(name) && before[name] && tag === '';
  facts[name] = isKept ? before[name]! : await workshop.build(project, tag || `projects/result:${i}`);
  if (!isKept)
    console.log(`${name}: ${'error' in facts[name] ? facts[name].error : `${facts[name].files.length} files`}`);
}
writeFileSync(path, `${JSON.stringify(facts, null, 1)}\n`);
