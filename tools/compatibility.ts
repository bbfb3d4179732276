import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Entry } from '#cli';
import { findIn, findTop, groups, names, parseFlags, table } from '#cli';
import type { Route } from '#server';
import { Router, routes } from '#server';
import { CASES } from '../test/conformance/cases/index.ts';
import { words } from '../test/conformance/cli/command.ts';
import { CLI_CASES } from '../test/conformance/cli/index.ts';
import { dockerfileLines } from './dockerfile-proofs.ts';
import { registryLines } from './registry-proofs.ts';

/** Where the page is kept. */
const FILE = 'docs/compatibility.md';
const FACTS = join(import.meta.dirname, '../test/conformance/facts');

/** Commands of docker's CLI that are not in our table are named here, so that the page says what is missing. */
const DOCKER_COMMANDS = (
  'attach build builder commit config container context cp create diff events exec export history image images import ' +
  'info inspect kill load login logout logs manifest network node pause plugin port ps pull push rename restart rm rmi ' +
  'run save search secret service stack start stats stop swarm system tag top trust unpause update version volume wait'
).split(' ');

/** A test that shows something working. */
interface Proof {
  readonly file: string;
  readonly test: string;
}

type Shown = ReadonlyMap<string, Proof>;

interface Recorded {
  readonly status?: number;
  readonly code?: number;
  readonly stdout?: string;
}

function readFacts(group: string): Record<string, readonly Recorded[]> {
  return JSON.parse(readFileSync(join(FACTS, `${group}.json`), 'utf8'));
}

/** Which recorded call reaches which route; one that succeeds is preferred. */
export function routeProofs(): Shown {
  const router = new Router(routes);
  const [good, any] = [new Map<string, Proof>(), new Map<string, Proof>()];
  for (const [group, cases] of Object.entries(CASES)) {
    const facts = readFacts(group);
    for (const { name, calls } of cases) {
      calls.forEach(({ method, path, ours }, i) => {
        const status = ours?.status ?? facts[name]?.[i]?.status;
        if (status === undefined) return;
        const bare = path.replace(/\?.*$/, '').replace(/^\/v\d+\.\d+(?=\/)/, '');
        const route = router.find(method, bare)?.route;
        if (!route) return;
        const proof = { file: 'test/conformance/facts.test.ts', test: `${group} › ${name}` };
        for (const found of status < 400 ? [good, any] : [any])
          if (!found.has(titleOf(route))) found.set(titleOf(route), proof);
      });
    }
  }
  return new Map([...any, ...good]);
}

const titleOf = ({ method, path }: Route): string => `${method} ${path}`;

/** Which compared command line succeeds with which command (`ps`) and flag (`ps --all`). */
export async function commandProofs(): Promise<Shown> {
  const shown = new Map<string, Proof>();
  const facts = readFacts('cli');
  for (const { name, steps, dockerOnly } of CLI_CASES) {
    if (dockerOnly) continue;
    const proof = { file: 'test/conformance/cli.test.ts', test: `the gantry CLI on gantryd › ${name}` };
    for (const [i, { line, ours }] of steps.entries()) {
      const fact = { ...facts[name]?.[i], ...ours };
      // Docker: whoever detached from a terminal is told by an error.
      if (fact.code !== 0 && !fact.stdout?.includes('read escape sequence')) continue;
      for (const key of await keysOf(words(line))) if (!shown.has(key)) shown.set(key, proof);
    }
  }
  return shown;
}

async function keysOf([first = '', ...rest]: readonly string[]): Promise<string[]> {
  const isGroup = Object.hasOwn(groups, first);
  const entry = isGroup ? findIn(first, rest[0] ?? '') : findTop(first);
  if (!entry) return [];
  const { command } = await entry.load();
  const given = isGroup ? rest.slice(1) : rest;
  const { values, help } = parseFlags(command.flags, given, command.stopsAtOperand);
  if (help) return [];
  const used = command.flags.filter(({ name }) => values.changed(name));
  return [nameOf(entry), ...used.map(({ name }) => `${nameOf(entry)} --${name}`)];
}

const nameOf = (entry: Entry): string => names(entry).at(-1)!;

/** The page, and what is wrong with it: routes and commands that claim to work and name no test. */
export async function compatibility(): Promise<{ text: string; complaints: string[] }> {
  const byRoute = routeProofs();
  const byCommand = await commandProofs();
  const own = routes.filter(({ path }) => path.startsWith('/gantry/'));
  const working = routes.filter((route) => route.answers === undefined && !own.includes(route));
  const absent = routes.filter(({ answers }) => answers !== undefined);
  const complaints = working
    .filter((route) => !byRoute.has(titleOf(route)))
    .map((route) => `${titleOf(route)}: no recorded call reaches it`);
  const commands = await commandLines(byCommand);
  const dockerfiles = dockerfileLines();
  const registries = registryLines();
  const missing = DOCKER_COMMANDS.filter((name) => !findTop(name) && !Object.hasOwn(groups, name));
  const text = [
    '# What works as Docker does, and the test that shows it',
    '',
    'Made by `node tools/compatibility.ts` from the route table, the command table and the cases under `test/conformance`,',
    'whose answers were recorded from a real dockerd. `npm run check` fails when it is out of date.',
    '',
    '## Routes of the Engine API',
    '',
    'Tests are in [facts.test.ts](../test/conformance/facts.test.ts).',
    '',
    '| Route | Test |',
    '|---|---|',
    ...working.map((route) => `| \`${titleOf(route)}\` | ${byRoute.get(titleOf(route))?.test ?? '–'} |`),
    '',
    '## Routes that are not there yet',
    '',
    'They answer an error with a clear message: what an idle Docker says (503, 404), else 501. Test:',
    '[absent.test.ts](../test/integration/server/absent.test.ts).',
    '',
    '| Route | Answer |',
    '|---|---|',
    ...absent.map((route) => `| \`${titleOf(route)}\` | ${route.answers} |`),
    '',
    "## Routes and commands of Gantry's own",
    '',
    'Docker has none of them; each has a test of its name under `test/integration`.',
    '',
    ...own.map((route) => `- \`${titleOf(route)}\``),
    ...table.filter((entry) => entry.own).map((entry) => `- \`gantry ${nameOf(entry)}\``),
    '',
    '## Commands and flags',
    '',
    'Tests are in [cli.test.ts](../test/conformance/cli.test.ts), `the gantry CLI on gantryd`.',
    '',
    '| Command | Flag | Test |',
    '|---|---|---|',
    ...commands.proven,
    '',
    '## Flags that are accepted, without a comparison with docker of their own',
    '',
    ...commands.unproven,
    '',
    ...dockerfiles.lines,
    ...registries.lines,
    "## Commands of docker's that are not there yet",
    '',
    `${missing.map((name) => `\`${name}\``).join(' ')}; of the groups: ${Object.keys(groups)
      .map((name) => `\`${name}\``)
      .join(' ')} those above.`,
    '',
  ].join('\n');
  return {
    text,
    complaints: [...complaints, ...commands.complaints, ...dockerfiles.complaints, ...registries.complaints],
  };
}

async function commandLines(shown: Shown): Promise<{ proven: string[]; unproven: string[]; complaints: string[] }> {
  const result = { proven: [] as string[], unproven: [] as string[], complaints: [] as string[] };
  const test = (key: string) => shown.get(key)?.test.split(' › ')[1];
  /** `run` and `create` make one request of the same flags. */
  const flagTest = (name: string, flag: string) => {
    const twin = { run: 'create', create: 'run' }[name];
    return test(`${name} --${flag}`) ?? (twin && test(`${twin} --${flag}`));
  };
  for (const entry of table.filter(({ own }) => !own)) {
    const name = nameOf(entry);
    const { command } = await entry.load();
    const { provenBy } = entry;
    if (provenBy && !existsSync(provenBy)) result.complaints.push(`${name}: there is no ${provenBy}`);
    if (!provenBy && !test(name)) result.complaints.push(`${name}: no compared command line succeeds with it`);
    result.proven.push(`| \`${name}\` | | ${cell(provenBy ?? test(name))} |`);
    const flags = command.flags.filter(({ hidden, alias }) => !hidden && !alias);
    const open = flags.filter((flag) => !flagTest(name, flag.name));
    for (const flag of flags) {
      const proof = flagTest(name, flag.name);
      if (proof) result.proven.push(`| | \`--${flag.name}\` | ${cell(proof)} |`);
    }
    if (open.length > 0) result.unproven.push(`- \`${name}\`: ${open.map((flag) => `\`--${flag.name}\``).join(' ')}`);
  }
  return result;
}

const cell = (text = '–'): string => text.replaceAll('|', '\\|');

if (import.meta.main) {
  const { text, complaints } = await compatibility();
  if (!process.argv.includes('--check')) writeFileSync(FILE, text);
  else if (readFileSync(FILE, 'utf8') !== text)
    complaints.push(`${FILE} is out of date: run node tools/compatibility.ts`);
  for (const complaint of complaints) console.error(complaint);
  process.exitCode = complaints.length > 0 ? 1 : 0;
}
