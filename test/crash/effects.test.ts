import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { startDaemon } from '../harness/daemon.ts';
import { wholeLife } from './scenario.ts';
import { Told } from './told.ts';

interface Step {
  readonly strand: string;
  readonly kind: 'effect' | 'failpoint';
  readonly text: string;
}

const RECORDER = resolve(import.meta.dirname, 'recorder.ts');

test('between two effects of a verb there is a failpoint', async () => {
  const daemon = await startDaemon({ env: {} });
  try {
    const trace = join(daemon.folder, 'trace');
    await daemon.stop();
    await daemon.start({ env: { GANTRY_FAILPOINT_TRACE: trace, NODE_OPTIONS: `--import ${RECORDER}` } });
    await wholeLife({ daemon, told: new Told(), suffix: 'effects' });
    const steps = readFileSync(trace, 'utf8').trim().split('\n').map(parse);
    const count = (kind: Step['kind']) => steps.filter((step) => step.kind === kind).length;
    assert.ok(count('effect') > 100 && count('failpoint') > 100, 'the recorder does not record');
    for (const kind of ['commit', 'monitor-spawn', 'monitor-start', 'netlink', 'rename', 'mkdir', 'signal']) {
      assert.ok(
        steps.some((step) => step.kind === 'effect' && step.text.startsWith(kind)),
        `no ${kind} is recorded`,
      );
    }
    assert.deepEqual([...new Set(unguarded(steps))], []);
  } finally {
    await daemon.destroy();
  }
});

function parse(line: string): Step {
  const [strand = '', kind = '', ...text] = line.split(' ');
  return { strand, kind: kind as Step['kind'], text: text.join(' ') };
}

/** Pairs of effects in one strand with no failpoint between them. Several at one place count as one effect. */
function unguarded(steps: readonly Step[]): string[] {
  const found: string[] = [];
  const last = new Map<string, Step>();
  for (const step of steps) {
    const before = last.get(step.strand);
    last.set(step.strand, step);
    if (step.strand === 'main' || step.kind === 'failpoint' || before?.kind !== 'effect') continue;
    if (placeOf(before) !== placeOf(step)) found.push(`${step.strand}: ${before.text} | ${step.text}`);
  }
  return found;
}

const placeOf = ({ text }: Step) => text.split(' ')[1];
