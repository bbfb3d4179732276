import assert from 'node:assert/strict';
import type { Trail } from '#dockerfile';
import {
  applyPlan,
  checkConfig,
  checkText,
  DockerfileError,
  detectSyntax,
  excerpt,
  expandWord,
  Findings,
  outlineDocument,
  PathPatterns,
  planBuild,
  readIgnoreFile,
} from '#dockerfile';
import { decodeImageConfig } from '#oci';
import type { Target } from './targets.ts';

const text = (...seeds: string[]) => seeds.map((seed) => Buffer.from(seed));

const BASE = decodeImageConfig(
  Buffer.from('{"config":{"OnBuild":["RUN --mount=from=x,target=/a y","ENV a=$b"]},"rootfs":{"type":"layers"}}'),
);
const HOST = { os: 'linux', architecture: 'amd64' };
const MOST_BASES = 10_000;

/** Reads, plans, applies; then everything that is shown of it. */
function readDockerfile(input: Buffer): void {
  const source = input.toString('utf8');
  detectSyntax(source);
  const findings = new Findings(checkConfig(source));
  try {
    const plan = planBuild(input, { buildPlatform: HOST, allStages: true }, findings);
    let asked = 0;
    for (let wanted = plan.wanted(); wanted.length > 0; wanted = plan.wanted()) {
      asked += wanted.length;
      assert.ok(asked <= MOST_BASES, 'bases are wanted without end');
      for (const base of wanted) plan.found(base, { image: BASE });
    }
    const { stages, target } = applyPlan(plan);
    assert.ok(stages.includes(target) || stages.some(({ index }) => index === target.index));
    const layers = new Map<number, number>();
    for (const { index, base, steps, image } of stages) {
      const below = base.kind === 'stage' ? layers.get(base.index)! : 0;
      layers.set(index, image.history.filter(({ empty_layer }) => !empty_layer).length);
      assert.equal(below + steps.length, layers.get(index), 'layers in history');
    }
    outlineDocument(plan);
  } catch (error) {
    if (error instanceof DockerfileError) for (const lines of error.locations) excerpt('Dockerfile', source, [lines]);
    throw error;
  } finally {
    const total = source.split('\n').length;
    for (const { lines } of findings.all)
      assert.ok(lines.first <= lines.last && lines.last <= total, 'lines of a finding');
    checkText({ filename: 'Dockerfile', source, findings });
  }
}

function expand(input: Buffer): void {
  const word = input.toString('utf8');
  const value = 'aab/b*\\$'.repeat(8);
  for (const options of [{}, { escape: '`' }, { rawQuotes: true, rawEscapes: true, keepUnset: true }] as const) {
    const { text: result, words } = expandWord(word, (name) => (name === 'a' ? value : undefined), options);
    assert.ok(result.length <= 1024 * 1024);
    assert.ok(words.every((one) => one !== ''));
  }
}

const TREE: readonly string[] = ['a', 'b', 'c*', '.d'].flatMap((first) => [
  first,
  ...['a', 'bb', 'c'].flatMap((second) => [
    `${first}/${second}`,
    ...['a', 'x.txt'].map((last) => `${first}/${second}/${last}`),
  ]),
]);

/** What a walk may leave out below a folder is left out indeed. */
function ignore(input: Buffer): void {
  const patterns = new PathPatterns(readIgnoreFile(input));
  const seen = new Map<string, { matches: boolean; trail: Trail }>();
  for (const path of TREE) {
    const folder = path.slice(0, Math.max(0, path.lastIndexOf('/')));
    const verdict = patterns.step(path, seen.get(folder)?.trail);
    seen.set(path, verdict);
    patterns.matches(path);
    if (seen.get(folder)?.matches && patterns.maySkip(folder)) assert.ok(verdict.matches, `${path} would be skipped`);
  }
}

export const DOCKERFILE_TARGETS: Readonly<Record<string, Target>> = {
  dockerfile: {
    seeds: text(
      '# escape=`\n# check=skip=all\nARG a=1\nFROM x:$a AS b\nRUN --mount=type=cache,target=/c <<E\nx\nE\nCOPY --from=b <<-"F" a /\n\tx\n\tF\n',
      'FROM scratch\nENV a=1 b="$a" c d\nLABEL x y\nHEALTHCHECK --interval=1s CMD ["a"]\nEXPOSE 1-3/udp\nONBUILD ADD https://a/b.git#c:d /\n',
      'from a as b\nfrom b\nuser x\nworkdir $x\nvolume ["/a"]\nstopsignal 9\nshell ["a"]\nentrypoint a\ncmd []\nmaintainer x\n',
    ),
    words: [
      'FROM ',
      '<<',
      '\\\n',
      '--mount=',
      '${a:-',
      '["',
      '--from=',
      '\n#',
      'ONBUILD ',
      '--platform=$',
      '\t',
      '1-65535',
    ],
    run: readDockerfile,
  },
  'dockerfile expansion': {
    seeds: text('$a ${a} ${a:-b} ${b:+c} ${a#*b} ${a%%b*} ${a//b/c} "$a" \'$a\' \\$a <<E', '${a:?x}${a/\\//*}'),
    words: ['${', '}', '${a//', '*?', '\\', '"', "'", '<<', '${a##*', '$$'],
    run: expand,
  },
  dockerignore: {
    seeds: text('*\n!a/**/x.txt\n# c\n/b/\n[a-c]?\n', '**/x*\n!**\na\\*\n'),
    words: ['**', '!', '/', '[^', ']', '\\', '../', '**/**/'],
    run: ignore,
  },
};
