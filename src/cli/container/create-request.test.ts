import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { FlagError, parseFlags } from '../flags/parse.ts';
import { command as create } from './create.ts';
import { createRequest } from './create-request.ts';
import { command as run } from './run.ts';

interface Recorded {
  args: string[];
  body?: Record<string, unknown>;
  error?: string;
}

const file = new URL('../testdata/create-requests.json', import.meta.url);
const recorded = JSON.parse(readFileSync(file, 'utf8')) as Recorded[];

// What the commands check elsewhere: the number of operands, the terminal, streams of a detached container.
const elsewhere = /requires at least|input device is not a TTY|cannot specify both --attach and --detach/;

test('what docker 28 sends for a command line is what we send, and what it refuses we refuse in its words', async (t) => {
  for (const { args, body, error } of recorded) {
    if (error !== undefined && elsewhere.test(error)) continue;
    await t.test(args.join(' '), () => {
      const command = args[0] === 'run' ? run : create;
      const attempt = () => {
        const { values, operands } = parseFlags(command.flags, args.slice(1), true);
        const request = createRequest(values, operands);
        const detached = values.get('detach') === true;
        return detached
          ? { ...request, AttachStdin: false, AttachStdout: false, AttachStderr: false, StdinOnce: false }
          : request;
      };
      if (body) assert.deepEqual(withoutZeros(attempt()), sortBinds(body));
      else assert.equal(messageOf(attempt), error?.replace(/^docker: /, '').split('\n\n')[0]);
    });
  }
});

function messageOf(attempt: () => unknown): string {
  try {
    attempt();
  } catch (error) {
    assert.ok(error instanceof FlagError || error instanceof Error);
    return error.message;
  }
  return 'no error';
}

// Recorded requests leave out what Go's zero value says; docker orders binds by chance.
function withoutZeros(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const entries = Object.entries(value).map(([key, item]) => [key, withoutZeros(item)] as const);
  return sortBinds(Object.fromEntries(entries.filter(([, item]) => !isZero(item))));
}

function sortBinds(body: Record<string, unknown>): Record<string, unknown> {
  const host = (body['HostConfig'] ?? body) as Record<string, unknown>;
  if (Array.isArray(host['Binds'])) host['Binds'] = [...host['Binds']].sort();
  return body;
}

function isZero(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0;
  return !value || (typeof value === 'object' && Object.keys(value).length === 0);
}
