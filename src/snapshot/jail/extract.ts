import { lstatSync } from 'node:fs';
import { EngineError, internal, invalid } from '#errdefs';
import { evalLinks } from './find.ts';
import type { CopyRules, TaskResult, UnpackLimits } from './task.ts';
import { unpackInto } from './unpack.ts';

const BAD_TAR = 'archive/tar: invalid tar header';

/** Unpacks the archive on standard input into a directory that exists, given by an absolute path (latin1). */
export async function extract(path: string, limits: UnpackLimits, rules: CopyRules): Promise<TaskResult> {
  const behind = /\/\.?$/.exec(path)?.[0] ?? '';
  const place = evalLinks(path);
  if (!lstatSync(Buffer.from(place === '/' ? place : `${place}${behind}`, 'latin1')).isDirectory()) {
    throw invalid('extraction point is not a directory');
  }
  assertWritable(place, rules);
  try {
    return await unpackInto(Buffer.from(place, 'latin1'), limits, rules);
  } catch (error) {
    // Docker: what is wrong with an archive is a failure of the engine (500), told without details.
    if (!(error instanceof EngineError) || error.kind !== 'invalid-argument') throw error;
    throw internal(error.message.startsWith(BAD_TAR) ? BAD_TAR : error.message, error);
  }
}

function assertWritable(place: string, { mounts, readonlyRoot }: CopyRules): void {
  const mount = mounts.find(({ path }) => place === path || place.startsWith(path === '/' ? path : `${path}/`));
  if (mount?.readonly) throw invalid('mounted volume is marked read-only');
  if (!mount && readonlyRoot) throw invalid('container rootfs is marked read-only');
}
