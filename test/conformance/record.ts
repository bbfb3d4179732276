import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CASES } from './cases/index.ts';
import { importImage } from './image.ts';
import { replay } from './replay.ts';

/**
 * Records what a real dockerd answers to every case into facts/: `DOCKER_HOST=unix://… node test/conformance/record.ts
 * [group]`. The test replays the cases against gantryd and compares with these files.
 */
const host = process.env.DOCKER_HOST ?? '';
if (!host.startsWith('unix://')) throw new Error('DOCKER_HOST must name the unix socket of a real dockerd');
const socket = host.slice('unix://'.length);
await importImage(socket);
let count = 0;
for (const [group, cases] of Object.entries(CASES)) {
  if (process.argv[2] && process.argv[2] !== group) continue;
  const facts: Record<string, unknown> = {};
  for (const each of cases) {
    const recorded = await replay(socket, each);
    facts[each.name] = recorded;
    count += recorded.length;
  }
  writeFileSync(join(import.meta.dirname, 'facts', `${group}.json`), `${JSON.stringify(facts, null, 1)}\n`);
}
console.log(`${count} answers recorded`);
