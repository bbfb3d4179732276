import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { TestDaemon } from '../harness/daemon.ts';
import { startDaemon } from '../harness/daemon.ts';
import { RegistryDouble } from '../harness/registry.ts';
import type { CliCase, CliFact, Step } from './cli/command.ts';
import { environment, writeFiles } from './cli/files.ts';
import { CLI_CASES } from './cli/index.ts';
import { replayCli } from './cli/replay-cli.ts';
import { importImage } from './image.ts';

/** Command lines on gantryd print and exit as docker did on a real dockerd: first the docker CLI, then Gantry's own. */
const FACTS = JSON.parse(readFileSync(join(import.meta.dirname, 'facts/cli.json'), 'utf8')) as Record<
  string,
  CliFact[]
>;
const GANTRY = resolve(import.meta.dirname, '../../bin/gantry');

let daemon: TestDaemon;
let folder: string;
let registry: RegistryDouble;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gantry-cli-'));
  writeFiles(folder);
  registry = await RegistryDouble.open();
  daemon = await startDaemon();
  await importImage(daemon.socket);
});
after(async () => {
  await daemon.destroy();
  await registry[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

async function compare(cliCase: CliCase, program: string): Promise<void> {
  registry.clear();
  const env = environment(folder, daemon.socket);
  const seen = await replayCli(daemon.socket, cliCase, { program, env, folder, registry: registry.host });
  const expected = FACTS[cliCase.name];
  assert.ok(expected, 'no fact recorded: run test/conformance/record-cli.ts against a real dockerd');
  assert.deepEqual(
    seen,
    expected.map((fact, i) => onPurpose(fact, cliCase.steps[i])),
  );
}

function onPurpose(fact: CliFact, step: Step | undefined): CliFact {
  const { why: _why, ...outcome } = step?.ours ?? { why: '' };
  return { ...fact, ...outcome };
}

/** Other versions of the CLI word their help and errors otherwise than the one the facts were recorded with. */
const RECORDED_WITH = /^Docker version 28\./;

function whyNot(): string | false {
  try {
    const version = execFileSync('docker', ['--version'], { encoding: 'utf8' });
    return RECORDED_WITH.test(version) ? false : `recorded with the docker CLI 28, here is ${version.trim()}`;
  } catch {
    return 'no docker CLI on this host';
  }
}

describe('the docker CLI on gantryd', { skip: whyNot() }, () => {
  for (const each of CLI_CASES) test(each.name, () => compare(each, 'docker'));
});

describe('the gantry CLI on gantryd', () => {
  for (const each of CLI_CASES) if (!each.dockerOnly) test(each.name, () => compare(each, GANTRY));
});
