import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { BuildGraph, CheckDocument, PlanOptions } from '#dockerfile';
import {
  applyPlan,
  checkConfig,
  checkDocument,
  checkText,
  DockerfileError,
  excerpt,
  Findings,
  outlineDocument,
  outlineText,
  PathPatterns,
  parseDockerfile,
  planBuild,
  RULES,
  readIgnoreFile,
  targetsDocument,
  targetsText,
} from '#dockerfile';
import type { ImageConfig } from '#oci';
import { decodeImageConfig } from '#oci';
import type { CheckFact, DockerfileCase, ErrorFact, Facts, ImageFact, TextFacts } from './dockerfiles/corpus.ts';
import { readCases } from './dockerfiles/corpus.ts';

/** Every Dockerfile of the corpus: warnings, errors, outline, targets and image must be what dockerd said. */
const FACTS: Facts = JSON.parse(readFileSync(join(import.meta.dirname, 'facts', 'dockerfiles.json'), 'utf8'));
const HOST = { os: 'linux', architecture: 'amd64' };
const DIFF_ID = `sha256:${'0'.repeat(64)}`;

/** The image that every FROM finds, and the one that nobody finds. */
function baseImage(): ImageConfig {
  const { config, history } = FACTS.base;
  const document = { ...HOST, config, rootfs: { type: 'layers', diff_ids: [DIFF_ID] } };
  return decodeImageConfig(
    Buffer.from(JSON.stringify({ ...document, history: history.map((created_by) => ({ created_by })) })),
  );
}

function optionsOf({ args, labels, target, ignore }: DockerfileCase): PlanOptions {
  return {
    buildPlatform: HOST,
    buildArgs: new Map(Object.entries(args)),
    labels: new Map(Object.entries(labels)),
    ...(target !== '' && { target }),
    ...(ignore !== '' && { ignored: new PathPatterns(readIgnoreFile(Buffer.from(ignore))) }),
  };
}

/** Plans and applies with what the engine had. */
function plan(each: DockerfileCase, options: Partial<PlanOptions>, findings: Findings) {
  const planned = planBuild(Buffer.from(each.text), { ...optionsOf(each), ...options }, findings);
  for (let wanted = planned.wanted(); wanted.length > 0; wanted = planned.wanted()) {
    for (const base of wanted) planned.found(base, { image: baseImage() });
  }
  return { planned, graph: applyPlan(planned) };
}

function attempt<T>(work: () => T): T | DockerfileError {
  try {
    return work();
  } catch (error) {
    assert.ok(error instanceof DockerfileError, String(error instanceof Error ? error.stack : error));
    return error;
  }
}

function linesOf({ ranges = [] }: CheckDocument['warnings'][number]['location']): number[] {
  return ranges.map(({ start }) => start.line ?? 0);
}

function check(each: DockerfileCase): CheckFact {
  const config = attempt(() => checkConfig(each.text, new Map(Object.entries(each.args))));
  if (config instanceof DockerfileError) return { warnings: [], error: [config.message, []] };
  const findings = new Findings(config);
  const error = attempt(() => void plan(each, { allStages: each.target === '' }, findings));
  const checked = { filename: 'Dockerfile', source: each.text, findings, ...(error && { error }) };
  const { warnings, buildError } = checkDocument(checked);
  return {
    warnings: warnings.map(({ ruleName, detail = '', location }) => [ruleName, detail, linesOf(location)]),
    ...(buildError && { error: [buildError.message, linesOf(buildError.location)] }),
  };
}

function refusal(each: DockerfileCase, { message, locations }: DockerfileError): ErrorFact {
  const shown = locations.map((lines) => excerpt('Dockerfile', each.text, [lines])).findLast((text) => text !== '');
  return { error: message.trimEnd(), excerpt: shown ?? '' };
}

function outline(each: DockerfileCase): object {
  const result = attempt(() => {
    const findings = new Findings(checkConfig(each.text, new Map(Object.entries(each.args))));
    return outlineDocument(plan(each, {}, findings).planned);
  });
  if (result instanceof DockerfileError) return { error: result.message.trimEnd(), excerpt: '' };
  const { sources: _, ...rest } = result;
  return rest;
}

function targets(each: DockerfileCase): object {
  const result = attempt(() => {
    checkConfig('', new Map(Object.entries(each.args)));
    return targetsDocument(parseDockerfile(Buffer.from(each.text)));
  });
  if (result instanceof DockerfileError) return { error: result.message.trimEnd(), excerpt: '' };
  const { sources: _, ...rest } = result;
  return rest;
}

function build(each: DockerfileCase): ImageFact | ErrorFact {
  const result = attempt((): BuildGraph => {
    const findings = new Findings(checkConfig(each.text, new Map(Object.entries(each.args))));
    return plan(each, {}, findings).graph;
  });
  if (result instanceof DockerfileError) return refusal(each, result);
  const { author, config, history } = result.target.image;
  const steps = result.stages.flatMap((stage) => stage.steps.map(({ title }) => title));
  return {
    author,
    config: withoutEmpty(config),
    history: history.map(({ created_by = '' }) => created_by.replaceAll('\t', ' ')),
    steps,
  };
}

/** The calls as buildx prints them. */
function texts(each: DockerfileCase): TextFacts {
  const findings = new Findings(checkConfig(each.text));
  plan(each, { allStages: each.target === '' }, findings);
  const count = findings.all.length;
  const found = count === 1 ? '1 warning has been found!' : `${count} warnings have been found!`;
  const head = `Check complete, ${count === 0 ? 'no warnings found.' : found}\n`;
  const { planned } = plan(each, {}, new Findings(checkConfig(each.text)));
  return {
    check: head + checkText({ filename: 'Dockerfile', source: each.text, findings }),
    outline: outlineText(outlineDocument(planned)),
    targets: targetsText(targetsDocument(parseDockerfile(Buffer.from(each.text)))),
  };
}

/** Docker leaves out or nulls what is not set; either is the same. */
function withoutEmpty(config: object): object {
  const isSet = ([, value]: [string, unknown]) =>
    value !== false && value !== '' && Object.keys(Object(value ?? {})).length + Number(typeof value !== 'object') > 0;
  return Object.fromEntries(
    Object.entries(config)
      .filter(isSet)
      .sort(([a], [b]) => a.localeCompare(b)),
  );
}

const plain = <T>(value: T): T => JSON.parse(JSON.stringify(value));

for (const each of readCases()) {
  test(each.name, () => {
    const fact = FACTS.cases[each.name];
    assert.ok(fact, 'not recorded: run test/conformance/record-dockerfiles.ts');
    if (fact.check) assert.deepEqual(plain(check(each)), fact.check, 'check');
    if (fact.outline) assert.deepEqual(plain(outline(each)), fact.outline, 'outline');
    if (fact.targets) assert.deepEqual(plain(targets(each)), fact.targets, 'targets');
    const { build: built } = fact;
    if (!built) return;
    // Go's sort is stable for a dozen only.
    const isShort = (fact.check?.warnings.length ?? 0) <= 12;
    if (fact.texts && isShort) assert.deepEqual(texts(each), fact.texts, 'texts');
    const ours = plain(build(each));
    if (!('config' in built) || !('config' in ours)) {
      assert.deepEqual(ours, built, 'build');
      return;
    }
    // Equal steps are one to the engine, and FROM is its own matter.
    const steps = built.steps.filter((title) => !/\] FROM /.test(title) && !ours.steps.includes(title));
    assert.deepEqual(steps, [], 'titles');
    assert.deepEqual(ours, { ...built, config: withoutEmpty(built.config), steps: ours.steps }, 'build');
  });
}

test('rules have their descriptions and pages', () => {
  for (const [name, [description, url]] of Object.entries(FACTS.rules)) {
    const rule: { description: string; url?: string } = RULES[name as keyof typeof RULES];
    assert.deepEqual([rule.description, rule.url ?? ''], [description, url], name);
  }
});
