/**
 * The program of a jail: started by gantry-jail with a task in its argument, it loads all its code, locks itself up in
 * the task's root, does the task and says how it went on descriptor 3. It never loads anything afterwards.
 */
import { closeSync, readSync, writeSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import type { IdMaps } from '#oci';
import { enterJail } from './enter.ts';
import { shiftOwners } from './owners.ts';
import { runTask } from './run-task.ts';
import type { Task, TaskAnswer } from './task.ts';

const ANSWER = 3;

interface Conditions {
  readonly owners?: IdMaps;
  /** Whether it begins only when a byte comes on standard input; at its end it is not wanted. */
  readonly isHeld?: boolean;
}

void main(JSON.parse(process.argv[2]!) as Task & Conditions);

async function main({ owners, isHeld, ...task }: Task & Conditions): Promise<void> {
  shiftOwners(owners);
  const answer = await answerTo(task, isHeld);
  writeLine(answer);
  closeSync(ANSWER);
  process.exit('error' in answer ? 1 : 0);
}

async function answerTo(task: Task, isHeld = false): Promise<Exclude<TaskAnswer, { found: unknown }>> {
  try {
    // What it would write at its end it writes now, outside.
    flushCompileCache();
    enterJail(task.root);
    if (isHeld && readSync(0, Buffer.alloc(1)) === 0) throw new Error('the task is not wanted');
    return { result: await runTask(task, (found) => writeLine({ found })) };
  } catch (error) {
    return { error: describe(error) };
  }
}

function describe(error: unknown) {
  const { message, kind, code } = error as { message?: string; kind?: string; code?: string };
  return { message: message ?? String(error), ...(kind && { kind }), ...(code && { code }) };
}

function writeLine(line: TaskAnswer): void {
  const text = Buffer.from(`${JSON.stringify(line)}\n`);
  for (let done = 0; done < text.length; ) done += writeSync(ANSWER, text, done);
}
