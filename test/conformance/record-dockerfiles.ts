import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type {
  CheckFact,
  DockerfileCase,
  DockerfileFact,
  ErrorFact,
  Facts,
  ImageFact,
  TextFacts,
} from './dockerfiles/corpus.ts';
import { CONTEXT_FILES, HAS_TEXTS, readCases } from './dockerfiles/corpus.ts';
import { importImage } from './image.ts';

/**
 * Records what the BuildKit of a real dockerd says of every Dockerfile of the corpus, through buildx:
 * `DOCKER_HOST=unix://… DOCKER_CONFIG=… node test/conformance/record-dockerfiles.ts [pattern of names]`.
 */
const host = process.env.DOCKER_HOST ?? '';
if (!host.startsWith('unix://')) throw new Error('DOCKER_HOST must name the unix socket of a real dockerd');

const AT_ONCE = 3;
const rules: Record<string, [description: string, url: string]> = {};

interface Output {
  readonly stdout: string;
  readonly stderr: string;
  readonly status: number | null;
}

function docker(args: readonly string[], cwd: string): Promise<Output> {
  return new Promise((resolve, reject) => {
    const child = spawn('docker', args, { cwd, stdio: ['ignore', 'pipe', 'pipe'], timeout: 60_000 });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (piece) => (stdout += piece));
    child.stderr.on('data', (piece) => (stderr += piece));
    child.on('error', reject);
    child.on('close', (status) => resolve({ stdout, stderr, status }));
  });
}

/** Lines of a document's location. */
function linesOf(location: { ranges?: { start: { line?: number } }[] } | undefined): number[] {
  return (location?.ranges ?? []).map(({ start }) => start.line ?? 0);
}

function errorOf({ stderr }: Output): ErrorFact {
  const error =
    /^ERROR: (?:failed to build: )?(?:failed to solve: )?(?:failed to run Build function: )?(.*)$/ms.exec(
      stderr,
    )?.[1] ?? stderr;
  const excerpt = /^Dockerfile:\d+\n-{20}\n.*?^-{20}\n/ms.exec(stderr)?.[0] ?? '';
  return { error: error.trimEnd(), excerpt };
}

function flags({ args, labels, target }: DockerfileCase): string[] {
  return [
    ...Object.entries(args).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]),
    ...Object.entries(labels).flatMap(([name, value]) => ['--label', `${name}=${value}`]),
    ...(target === '' ? [] : ['--target', target]),
  ];
}

async function call(each: DockerfileCase, cwd: string, what: string): Promise<Output> {
  return docker(['buildx', 'build', ...flags(each), `--call=${what},format=json`, '.'], cwd);
}

async function check(each: DockerfileCase, cwd: string): Promise<CheckFact> {
  const output = await call(each, cwd, 'check');
  if (output.stdout === '') return { warnings: [], error: [errorOf(output).error, []] };
  const { warnings, buildError } = JSON.parse(output.stdout);
  for (const { ruleName, description = '', url = '' } of warnings ?? []) rules[ruleName] = [description, url];
  return {
    // biome-ignore lint/suspicious/noExplicitAny: a document of the engine
    warnings: (warnings ?? []).map((one: any) => [one.ruleName, one.detail, linesOf(one.location)]),
    ...(buildError && { error: [buildError.message, linesOf(buildError.location)] }),
  };
}

async function document(each: DockerfileCase, cwd: string, what: string): Promise<object> {
  const output = await call(each, cwd, what);
  if (output.status !== 0) return errorOf(output);
  const { sources: _, ...rest } = JSON.parse(output.stdout);
  return rest;
}

async function texts(each: DockerfileCase, cwd: string): Promise<TextFacts> {
  const ask = async (what: string) =>
    (await docker(['buildx', 'build', ...flags(each), `--call=${what}`, '.'], cwd)).stdout;
  return { check: await ask('check'), outline: await ask('outline'), targets: await ask('targets') };
}

async function build(each: DockerfileCase, cwd: string, tag: string): Promise<ImageFact | ErrorFact> {
  const command = ['buildx', 'build', '--progress=plain', '--provenance=false', ...flags(each), '-t', tag, '.'];
  const output = await docker(command, cwd);
  if (output.status !== 0) return errorOf(output);
  const image = await inspect(tag, cwd);
  await docker(['rmi', '-f', tag], cwd);
  const titles = output.stderr.matchAll(/^#\d+ (\[(?!internal|auth).*)$/gm);
  return { ...image, steps: [...new Set([...titles].map(([, title]) => title!))].sort() };
}

async function inspect(tag: string, cwd: string): Promise<Omit<ImageFact, 'steps'>> {
  const [{ Author, Config }] = JSON.parse((await docker(['image', 'inspect', tag], cwd)).stdout);
  const lines = (await docker(['history', '--no-trunc', '--format', '{{json .CreatedBy}}', tag], cwd)).stdout.trim();
  const history: string[] = lines === '' ? [] : lines.split('\n').map((line) => JSON.parse(line));
  return { author: Author, config: Config, history: history.reverse() };
}

async function record(each: DockerfileCase, tag: string): Promise<DockerfileFact> {
  const cwd = mkdtempSync(join(tmpdir(), 'gantry-dockerfiles-'));
  try {
    for (const [name, text] of Object.entries({ ...CONTEXT_FILES, Dockerfile: each.text })) {
      mkdirSync(dirname(join(cwd, name)), { recursive: true });
      writeFileSync(join(cwd, name), text);
    }
    if (each.ignore !== '') writeFileSync(join(cwd, '.dockerignore'), each.ignore);
    return {
      ...(each.check && { check: await check(each, cwd) }),
      ...(each.outline && { outline: await document(each, cwd, 'outline') }),
      targets: await document(each, cwd, 'targets'),
      ...(HAS_TEXTS.test(each.name) && { texts: await texts(each, cwd) }),
      ...(each.build && { build: await build(each, cwd, tag) }),
    };
  } finally {
    rmSync(cwd, { recursive: true });
  }
}

/** JSON with a line for each case. */
function lineByLine({ rules, base, cases }: Facts): string {
  const entries = (all: object) =>
    Object.entries(all)
      .map(([name, value]) => `  ${JSON.stringify(name)}: ${JSON.stringify(value)}`)
      .join(',\n');
  return `{\n "rules": {\n${entries(rules)}\n },\n "base": ${JSON.stringify(base)},\n "cases": {\n${entries(cases)}\n }\n}`;
}

const path = join(import.meta.dirname, 'facts', 'dockerfiles.json');
const pattern = process.argv[2] && new RegExp(process.argv[2]);
const before: Facts | undefined = pattern ? JSON.parse(readFileSync(path, 'utf8')) : undefined;

await importImage(host.slice('unix://'.length));
const cases = readCases();
const results = new Map(Object.entries(before?.cases ?? {}));
const chosen = cases.filter(({ name }) => !pattern || pattern.test(name) || !results.has(name));
const queue = chosen.entries();
await Promise.all(
  Array.from({ length: AT_ONCE }, async () => {
    for (const [i, each] of queue) results.set(each.name, await record(each, `dockerfile-case:${i}`));
  }),
);
const { config, history } = await inspect('conformance', '/');
const allRules = Object.entries({ ...before?.rules, ...rules }).sort(([a], [b]) => a.localeCompare(b));
const facts: Facts = {
  rules: Object.fromEntries(allRules),
  base: { config, history },
  cases: Object.fromEntries(cases.map(({ name }) => [name, results.get(name)!])),
};
writeFileSync(path, `${lineByLine(facts)}\n`);
console.log(`${chosen.length} Dockerfiles recorded`);
