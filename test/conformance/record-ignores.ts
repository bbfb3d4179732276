import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { IgnoreCase, IgnoreFact } from './ignores/ignores.ts';
import { EMPTY_FOLDERS, FILES, readIgnoreCases } from './ignores/ignores.ts';

/**
 * Records which files of a context the BuildKit of a real dockerd leaves out by each .dockerignore:
 * `DOCKER_HOST=unix://… DOCKER_CONFIG=… node test/conformance/record-ignores.ts`.
 */
if (!process.env.DOCKER_HOST?.startsWith('unix://')) throw new Error('DOCKER_HOST must name a real dockerd');

function record({ text }: IgnoreCase): IgnoreFact {
  const context = mkdtempSync(join(tmpdir(), 'gantry-ignores-'));
  const out = join(context, '..', `${context}-out`);
  try {
    for (const folder of EMPTY_FOLDERS) mkdirSync(join(context, folder), { recursive: true });
    for (const file of [...FILES, 'Dockerfile', '.dockerignore']) {
      mkdirSync(dirname(join(context, file)), { recursive: true });
      writeFileSync(join(context, file), file);
    }
    writeFileSync(join(context, 'Dockerfile'), 'FROM scratch\nCOPY . /\n');
    writeFileSync(join(context, '.dockerignore'), text);
    const args = ['buildx', 'build', '--progress=plain', '-o', `type=local,dest=${out}`, '.'];
    const { status, stderr } = spawnSync('docker', args, { cwd: context, encoding: 'utf8', timeout: 60_000 });
    if (status !== 0) return /^ERROR: (?:failed to build: )?(?:failed to solve: )?(.*)$/ms.exec(stderr)![1]!.trimEnd();
    return readdirSync(out, { recursive: true, withFileTypes: true })
      .map((entry) => `${join(entry.parentPath, entry.name).slice(out.length + 1)}${entry.isDirectory() ? '/' : ''}`)
      .sort();
  } finally {
    rmSync(context, { recursive: true });
    rmSync(out, { recursive: true, force: true });
  }
}

const facts = readIgnoreCases().map((each) => ` ${JSON.stringify(each.name)}: ${JSON.stringify(record(each))}`);
writeFileSync(join(import.meta.dirname, 'facts', 'ignores.json'), `{\n${facts.join(',\n')}\n}\n`);
console.log(`${facts.length} ignore files recorded`);
