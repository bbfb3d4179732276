import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { ContainerSummary } from '#api';
import { renderList } from '../format/list.ts';
import { containerList } from './container-list.ts';

interface Recorded {
  now: number;
  answer: ContainerSummary[];
  listings: { format: string; out: string }[];
}

const recorded = JSON.parse(readFileSync(new URL('../testdata/ps.json', import.meta.url), 'utf8')) as Recorded;
const errors = JSON.parse(readFileSync(new URL('../testdata/template-errors.json', import.meta.url), 'utf8')) as {
  format: string;
  err: string;
}[];

// Times are shown in the machine's zone; they were recorded in UTC.
const inUtc = new Date().getTimezoneOffset() === 0;

test('containers are listed as docker 28 listed the same answer', async (t) => {
  const list = containerList({ trunc: true, size: true, now: recorded.now });
  for (const { format, out } of recorded.listings) {
    const skip = !inUtc && /CreatedAt|created_at/.test(out);
    await t.test(format || 'plain', { skip }, async () => {
      assert.equal(await renderList(list, recorded.answer, format), out);
    });
  }
});

test('templates fail as they do in docker 28', async (t) => {
  const list = containerList({ trunc: true, size: true, now: recorded.now });
  for (const { format, err } of errors) {
    await t.test(format, async () => {
      // docker ps first runs a template over an empty container, under another heading.
      const reason = err.replace(/\n$/, '').replace(/^failed to (execute|parse) template: /, '');
      const blank = recorded.answer.map((item) => ({ ...item, Names: [] as string[], Id: '' }));
      const failure = await renderList(list, blank, format).then(
        () => '',
        (error: Error) => error.message.replace(/^template parsing error: /, ''),
      );
      assert.equal(failure, reason);
    });
  }
});
