import { joinPath } from '#tar';
import { mergeLayer, populateVolume } from './populate.ts';
import type { Task, TaskResult } from './task.ts';
import { unpackLayer } from './unpack.ts';

/** Does a task inside of the jail. */
export async function runTask(task: Task): Promise<TaskResult> {
  switch (task.kind) {
    case 'unpack':
      return await unpackLayer(task.diffId, task.limits);
    case 'populate': {
      const from = task.path === '' ? bytes(task.from) : joinPath([bytes(task.from), bytes(task.path)]);
      return task.mode === 'layer' ? mergeLayer(from, bytes(task.to)) : populateVolume(from, bytes(task.to));
    }
  }
}

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');
