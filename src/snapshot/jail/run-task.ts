import { joinPath } from '#tar';
import { Adoption } from './adoption.ts';
import type { Trees } from './changes.ts';
import { compareLayer } from './compare.ts';
import { compose } from './compose/compose.ts';
import { extract } from './extract.ts';
import { find } from './find.ts';
import { inGoWords } from './go-words.ts';
import { listChanges } from './list.ts';
import type { Twin } from './mirror.ts';
import { Mirror } from './mirror.ts';
import { packChanges, packTree } from './pack.ts';
import { mergeLayer, populateVolume } from './populate.ts';
import type { Found, Task, TaskResult } from './task.ts';
import { unpackLayer } from './unpack.ts';

/** Does a task inside of the jail; `tell` hears what was found before it is copied. */
export async function runTask(task: Task, tell: (found: Found) => void): Promise<TaskResult> {
  switch (task.kind) {
    case 'unpack':
      return await unpackLayer(task.diffId, task.limits);
    case 'compare':
      return await compareLayer(task.limits);
    case 'copyIn':
      return await inGoWords(() => extract(task.path, task.limits, task.rules));
    case 'find':
      return await inGoWords(() => {
        tell(find(task.path));
        return { size: 0, entries: 1 };
      });
    case 'copyOut':
      return await inGoWords(() => {
        tell(find(task.path));
        return packTree(bytes(task.path), bytes(task.name));
      });
    case 'export':
      return packTree(bytes('/'), bytes(''));
    case 'diff':
      return packChanges(treesOf(task), twinOf(task), task);
    case 'compose':
      return await inGoWords(() => compose(task.limits));
    case 'changes':
      return listChanges(treesOf(task));
    case 'populate': {
      const from = task.path === '' ? bytes(task.from) : joinPath([bytes(task.from), bytes(task.path)]);
      return task.mode === 'layer' ? mergeLayer(from, bytes(task.to)) : populateVolume(from, bytes(task.to));
    }
  }
}

function twinOf({ upper, copy, adopts }: { upper: string; copy?: string; adopts?: boolean }): Twin | undefined {
  if (adopts) return new Adoption(bytes(upper));
  return copy === undefined ? undefined : new Mirror(bytes(copy));
}

function treesOf({ upper, lower }: { upper: string; lower?: string | undefined }): Trees {
  return { upper: bytes(upper), lower: lower === undefined ? undefined : bytes(lower) };
}

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');
