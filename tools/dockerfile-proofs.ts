import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Instruction, Stage } from '#dockerfile';
import { FLAGS, parseDockerfile, RULES } from '#dockerfile';
import type { DockerfileCase, Facts } from '../test/conformance/dockerfiles/corpus.ts';
import { readCases } from '../test/conformance/dockerfiles/corpus.ts';

const FACTS = join(import.meta.dirname, '../test/conformance/facts/dockerfiles.json');

/** Flags that BuildKit takes with `# syntax=docker/dockerfile:1-labs` only, so that no dockerd can be asked without a registry. */
const LABS: readonly string[] = ['COPY --parents', 'RUN --device', 'RUN --security'];

/** Which Dockerfile that BuildKit builds or checks without an error shows an instruction, a flag (`COPY --from`) or a rule. */
export function dockerfileProofs(): ReadonlyMap<string, string> {
  const { cases }: Facts = JSON.parse(readFileSync(FACTS, 'utf8'));
  const proofs = new Map<string, string>();
  const show = (key: string, name: string) => void (proofs.has(key) || proofs.set(key, name));
  for (const { name, text } of plainFirst()) {
    const fact = cases[name];
    for (const [rule] of fact?.check?.warnings ?? []) show(rule, name);
    if (!fact?.check || fact.check.error || (fact.build && 'error' in fact.build)) continue;
    for (const stage of parseDockerfile(Buffer.from(text)).stages) {
      for (const node of [stage, ...stage.instructions]) for (const key of keysOf(node)) show(key, name);
    }
  }
  return proofs;
}

/** The page shows the plain ones where it can. */
function plainFirst(): DockerfileCase[] {
  const isOdd = ({ name }: DockerfileCase) => Number(name.startsWith('edges: '));
  return readCases().sort((a, b) => isOdd(a) - isOdd(b));
}

function keysOf({ kind, code }: Stage | Instruction): string[] {
  const used = Object.keys(FLAGS[kind]).filter((flag) => new RegExp(`\\s--${flag}(?:[=\\s]|$)`).test(code));
  return [kind, ...used.map((flag) => `${kind} --${flag}`)];
}

/** The lines of the page, and what has no Dockerfile to show it. */
export function dockerfileLines(): { lines: string[]; complaints: string[] } {
  const proofs = dockerfileProofs();
  const keys = Object.entries(FLAGS).flatMap(([name, flags]) => [
    name,
    ...Object.keys(flags).map((flag) => `${name} --${flag}`),
  ]);
  const all = [...keys, ...Object.keys(RULES)];
  const complaints = all
    .filter((key) => !proofs.has(key) && !LABS.includes(key) && key !== 'InvalidBaseImagePlatform')
    .map((key) => `${key}: no compared Dockerfile has it`);
  const row = (key: string) =>
    `| \`${key}\` | ${proofs.get(key) ?? (LABS.includes(key) ? 'with labs syntax only, not compared' : '–')} |`;
  const lines = [
    ...['## Dockerfiles', ''],
    `${readCases().length} Dockerfiles are compared: warnings, errors, outline, targets, and the image that is made. Test:`,
    ...['[dockerfiles.test.ts](../test/conformance/dockerfiles.test.ts).', ''],
    ...['| Instruction, flag or check | Dockerfile |', '|---|---|', ...all.map(row), ''],
  ];
  return { lines, complaints };
}
