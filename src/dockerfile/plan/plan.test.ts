import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ImageConfig } from '#oci';
import { emptyRunConfig } from '#oci';
import { checkConfig, Findings } from '../lint/findings.ts';
import type { BuildGraph } from './apply-plan.ts';
import { applyPlan } from './apply-plan.ts';
import { contextPaths } from './context-paths.ts';
import type { PlanOptions } from './options.ts';
import { planBuild } from './plan-build.ts';

const HOST = { os: 'linux', architecture: 'amd64' };

function image(config: Partial<ImageConfig['config']> = {}): ImageConfig {
  return {
    ...{ ...HOST, author: '', comment: '', dockerVersion: '', diffIds: [`sha256:${'0'.repeat(64)}`] },
    history: [{ created_by: 'base' }],
    config: { ...emptyRunConfig(), ...config },
  };
}

/** Builds with images by their full names; any other one is empty of settings. */
function build(text: string, options: Partial<PlanOptions> = {}, images: Record<string, ImageConfig> = {}) {
  const findings = new Findings(checkConfig(text));
  const plan = planBuild(Buffer.from(text), { buildPlatform: HOST, ...options }, findings);
  const asked: string[] = [];
  for (let wanted = plan.wanted(); wanted.length > 0; wanted = plan.wanted()) {
    for (const base of wanted) {
      asked.push(base.reference);
      plan.found(base, { image: images[base.reference] ?? image() });
    }
  }
  const graph: BuildGraph = applyPlan(plan);
  return { ...graph, asked, config: graph.target.image.config, findings: findings.all };
}

test('only what the target needs is asked for and built', () => {
  const text = 'FROM a AS one\nFROM b AS two\nFROM one\nCOPY --from=c /x /\nRUN --mount=from=two,target=/m y\n';
  const whole = build(text);
  assert.deepEqual(whole.asked, [
    'docker.io/library/a:latest',
    'docker.io/library/b:latest',
    'docker.io/library/c:latest',
  ]);
  assert.deepEqual(
    build(text, { target: 'ONE' }).stages.map(({ name }) => name),
    ['one'],
  );
  const [copy, run] = whole.target.steps;
  assert.ok(copy?.effect.kind === 'copy' && run?.effect.kind === 'run');
  assert.equal(
    whole.stages.find(
      ({ index }) =>
        copy.effect.kind === 'copy' && copy.effect.origin.kind === 'stage' && index === copy.effect.origin.index,
    )?.base.kind,
    'image',
  );
  assert.deepEqual(run.effect.mounts[0]?.origin, { kind: 'stage', index: 1 });
  assert.deepEqual(
    whole.target.steps.map(({ title }) => title),
    ['[stage-2 1/2] COPY --from=c /x /', '[stage-2 2/2] RUN --mount=from=two,target=/m y'],
  );
});

test('arguments: global ones need a bare ARG, ENV wins over ARG, history tells of them', () => {
  const text = 'ARG V=1\nFROM a:$V\nRUN echo\nARG V\nARG W=w$V\nENV W=env\nRUN echo\n';
  const { asked, target } = build(text, { buildArgs: new Map([['V', '2']]) });
  assert.deepEqual(asked, ['docker.io/library/a:2']);
  const env = target.steps.map(({ effect }) => (effect.kind === 'run' ? effect.env.slice(1) : []));
  assert.deepEqual(env, [[], ['V=2', 'W=env']]);
  assert.deepEqual(
    target.image.history.map(({ created_by }) => created_by),
    [
      'base',
      'RUN /bin/sh -c echo # buildkit',
      'ARG V=2',
      'ARG W=w2',
      'ENV W=env',
      'RUN |2 V=2 W=env /bin/sh -c echo # buildkit',
    ],
  );
});

test('a new entry point resets an inherited command, not one of the same stage', () => {
  const base = { 'docker.io/library/a:latest': image({ Cmd: ['c'], Entrypoint: ['e'] }) };
  assert.deepEqual(build('FROM a\nENTRYPOINT ["x"]', {}, base).config.Cmd, null);
  assert.deepEqual(build('FROM a\nCMD ["y"]\nENTRYPOINT ["x"]', {}, base).config.Cmd, ['y']);
  assert.deepEqual(build('FROM a\nENTRYPOINT []', {}, base).config.Entrypoint, null);
});

test('triggers of an image come first, may want further images, and are not inherited', () => {
  const base = { 'docker.io/library/a:latest': image({ OnBuild: ['COPY --from=b /x /', 'ENV K=1'] }) };
  const { asked, target, config } = build('FROM a\nENV L=$K\nONBUILD ENV Z=1\n', {}, base);
  assert.deepEqual(asked, ['docker.io/library/a:latest', 'docker.io/library/b:latest']);
  assert.deepEqual(config.Env?.slice(1), ['K=1', 'L=1']);
  assert.deepEqual(config.OnBuild, ['ENV Z=1']);
  assert.match(target.steps[0]!.title, /^\[2\/3\] ONBUILD COPY/);
  const next = build('FROM a AS x\nONBUILD ENV Z=1\nFROM x\n', {}, base);
  assert.deepEqual(next.config.Env?.slice(1), ['K=1', 'Z=1']);
  assert.equal(next.config.OnBuild, null);
});

test('heredocs of RUN: given to the shell, in its place, or run as a script', () => {
  const args = (text: string) => {
    const { effect } = build(`FROM a\nSHELL ["sh","-e"]\n${text}\n`).target.steps[0]!;
    return effect.kind === 'run' ? [effect.args, effect.script] : [];
  };
  assert.deepEqual(args('RUN <<E\na\nb\nE'), [['sh', '-e', 'a\nb\n'], undefined]);
  assert.deepEqual(args('RUN cat <<E >f\na\nE'), [['sh', '-e', 'cat <<E >f\na\nE'], undefined]);
  assert.deepEqual(args('RUN <<-E\n#!/bin/x\n\ty\nE'), [
    ['sh', '-e', '/dev/pipes/E'],
    { folder: '/dev/pipes/', name: 'E', data: '#!/bin/x\ny\n' },
  ]);
});

test('sources of COPY and ADD', () => {
  const sources = (line: string) => {
    const { effect } = build(`FROM a\nWORKDIR /w\n${line}`).target.steps[1]!;
    return effect.kind === 'copy' ? { to: effect.destination, from: effect.sources } : undefined;
  };
  assert.deepEqual(sources('COPY ../x y/ .'), {
    to: '/w/',
    from: [
      { kind: 'files', path: '/x', unpack: false },
      { kind: 'files', path: '/y', unpack: false },
    ],
  });
  assert.deepEqual(sources('COPY --parents a/./b/*.c d/')?.from, [
    { kind: 'files', path: '/a', include: 'b/*.c', unpack: false },
  ]);
  assert.deepEqual(sources('ADD --unpack=false a.tar /')?.from, [{ kind: 'files', path: '/a.tar', unpack: false }]);
  assert.deepEqual(sources('ADD https://h/d/f.tgz?x=1 /')?.from, [
    { kind: 'http', url: 'https://h/d/f.tgz?x=1', name: 'f.tgz', checksum: '', unpack: false },
  ]);
  assert.deepEqual(sources('ADD git@h:o/r.git#v1:sub /')?.from, [
    {
      ...{ kind: 'git', remote: 'git@h:o/r.git', ref: 'v1', subdir: 'sub', checksum: '', looksLocal: false },
      ...{ keepGitDir: false, submodules: true },
    },
  ]);
});

test('a context stands in for an image or a stage', () => {
  const text = 'FROM a AS one\nRUN x\nFROM b\nCOPY --from=one / /\n';
  const { asked, stages } = build(text, { contexts: new Set(['one', 'b::linux/amd64']) });
  assert.deepEqual(asked, ['one', 'b::linux/amd64']);
  assert.deepEqual(
    stages.map(({ base, steps }) => [base.kind, steps.length]),
    [
      ['context', 0],
      ['context', 1],
    ],
  );
});

test('a build for several platforms says where a step runs and for what', () => {
  const text = 'FROM --platform=$BUILDPLATFORM a\nRUN x\nARG TARGETARCH\nRUN y\nARG TARGETPLATFORM\nRUN z\n';
  const targetPlatform = { os: 'linux', architecture: 'arm', variant: 'v7' };
  const { target } = build(text, { targetPlatform, forSeveralPlatforms: true });
  assert.equal('title' in target.base && target.base.title, '[linux/amd64 1/4] FROM docker.io/library/a:latest');
  assert.deepEqual(
    target.steps.map(({ title }) => title),
    ['[linux/amd64 2/4] RUN x', '[linux/amd64->arm 3/4] RUN y', '[linux/amd64->arm/v7 4/4] RUN z'],
  );
});

test('the paths that are read of the context', () => {
  const paths = (text: string) => contextPaths(build(`FROM a\n${text}\n`));
  assert.deepEqual(paths('COPY a/ ../b*.c /x/\nRUN --mount=target=/m,source=/d e\nCOPY --from=z q /'), [
    'a',
    'b*.c',
    'd',
  ]);
  assert.deepEqual(paths('COPY --parents a/./b/*.c /x/'), ['a/b/*.c']);
  assert.deepEqual(paths('RUN x'), []);
  assert.equal(paths('COPY . /'), undefined);
  assert.equal(paths('RUN --mount=target=/m x'), undefined);
});

test('variables that double are bounded', () => {
  const lines = Array.from({ length: 100 }, () => 'ENV a=$a$a$a$a');
  assert.throws(() => build(['FROM scratch', 'ENV a=xxxx', ...lines].join('\n')), /longer than/);
});
