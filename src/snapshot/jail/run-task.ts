import { joinPath } from '#tar';
import { packTree } from './pack.ts';
import { mergeLayer, populateVolume } from './populate.ts';
import type { Task, TaskResult } from './task.ts';
import { atRoot } from './tree.ts';
import { unpackInto, unpackLayer } from './unpack.ts';

/** Does a task inside of the jail. */
export async function runTask(task: Task): Promise<TaskResult> {
  switch (task.kind) {
    case 'unpack':
      return await unpackLayer(task.diffId, task.limits);
    case 'copyIn':
      return await unpackInto(bytes(task.path), task.limits);
    case 'copyOut':
      return packTree(atRoot(bytes(task.path)), bytes(task.name), false);
    case 'diff':
      return packTree(atRoot(Buffer.alloc(0)), Buffer.alloc(0), true);
    case 'populate': {
      const from = task.path === '' ? bytes(task.from) : joinPath([bytes(task.from), bytes(task.path)]);
      return task.mode === 'layer' ? mergeLayer(from, bytes(task.to)) : populateVolume(from, bytes(task.to));
    }
  }
}

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');
