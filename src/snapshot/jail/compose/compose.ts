import { readFileSync } from 'node:fs';
import type { TaskResult, UnpackLimits } from '../task.ts';
import { copy, drop, makeFolders } from './copy.ts';
import { digestOf } from './digest.ts';
import { diskContents } from './disk-tree.ts';
import type { ActionDigest, ComposeWork } from './work.ts';

const FROM = '/from';
const TO = '/to';

/** Does the work that standard input tells, between two trees of the root. */
export async function compose(limits: UnpackLimits): Promise<TaskResult> {
  const { actions, digests } = JSON.parse(readFileSync(0, 'utf8')) as ComposeWork;
  if (digests) {
    const found: ActionDigest[] = [];
    const tree = diskContents(FROM, limits);
    for (const action of actions) if (action.do === 'copy') found.push((await digestOf(tree, action))!);
    return { size: 0, entries: 0, digests: found };
  }
  let entries = 0;
  for (const action of actions) {
    if (action.do === 'copy') entries += copy({ from: FROM, to: TO }, action);
    else if (action.do === 'directory') makeFolders(TO, action.path, action);
    else for (const path of action.paths) drop(TO, path);
  }
  return { size: 0, entries };
}
