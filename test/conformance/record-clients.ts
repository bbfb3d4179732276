import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runClient } from './clients/client.ts';
import { CLIENTS } from './clients/index.ts';

/**
 * Records what clients see on a real dockerd into facts/client-*.json: `DOCKER_HOST=unix://… node
 * test/conformance/record-clients.ts [name]`. The test runs them on gantryd and compares.
 */
const host = process.env.DOCKER_HOST ?? '';
if (!host.startsWith('unix://')) throw new Error('DOCKER_HOST must name the unix socket of a real dockerd');
for (const client of CLIENTS) {
  if (client.lacks || (process.argv[2] && process.argv[2] !== client.name)) continue;
  const lines = await runClient(client, host.slice('unix://'.length));
  writeFileSync(join(import.meta.dirname, `facts/client-${client.name}.json`), `${JSON.stringify(lines, null, 1)}\n`);
  console.log(`${client.name}: ${lines.length} steps recorded`);
}
