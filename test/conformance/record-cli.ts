import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CliFact } from './cli/command.ts';
import { environment, writeFiles } from './cli/files.ts';
import { CLI_CASES } from './cli/index.ts';
import { replayCli } from './cli/replay-cli.ts';
import { importImage } from './image.ts';

/**
 * Records what the docker CLI prints on a real dockerd into facts/cli.json: `DOCKER_HOST=unix://… node
 * test/conformance/record-cli.ts [text in a case's name]`. The test replays the lines on gantryd. `RECORD_REGISTRY` names an
 * empty registry that the dockerd reaches (`localhost:5000`).
 */
const host = process.env.DOCKER_HOST ?? '';
if (!host.startsWith('unix://')) throw new Error('DOCKER_HOST must name the unix socket of a real dockerd');
const socket = host.slice('unix://'.length);
const file = join(import.meta.dirname, 'facts/cli.json');
const before = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Record<string, CliFact[]>) : {};
const folder = mkdtempSync(join(tmpdir(), 'gantry-cli-'));
const facts: Record<string, CliFact[]> = {};
let count = 0;
try {
  writeFiles(folder);
  await importImage(socket);
  const registry = process.env.RECORD_REGISTRY || 'registry.invalid:5000';
  const place = { program: 'docker', env: environment(folder, socket), folder, registry };
  for (const each of CLI_CASES) {
    const isWanted = !before[each.name] || each.name.includes(process.argv[2] ?? '');
    facts[each.name] = isWanted ? await replayCli(socket, each, place) : before[each.name]!;
    if (isWanted) count += facts[each.name]!.length;
  }
} finally {
  rmSync(folder, { recursive: true });
}
writeFileSync(file, `${JSON.stringify(facts, null, 1)}\n`);
console.log(`${count} lines recorded`);
