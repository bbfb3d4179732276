import { closeSync, constants, mkdirSync, openSync, writeSync } from 'node:fs';
import { isErrno } from '#sys';
import type { CgroupStep } from './plan.ts';

/**
 * Executes steps in this process: for `update` on v1. At start the stub executes the plan's. Throws Node's error of the
 * first step that fails and is not optional.
 */
export function runSetup(steps: readonly CgroupStep[]): void {
  for (const step of steps) {
    if (step.op === 'mkdir') makeDirectory(step.path);
    else if (step.optional) ignoreErrno(() => writeOnce(step.path, step.data));
    else writeOnce(step.path, step.data);
  }
}

function makeDirectory(path: string): void {
  try {
    mkdirSync(path, 0o755);
  } catch (error) {
    if (!isErrno(error, 'EEXIST')) throw error;
  }
}

/** Exactly one write(2), without truncation: the kernel parses each write as a whole. */
export function writeOnce(path: string, data: string): void {
  const fd = openSync(path, constants.O_WRONLY);
  try {
    writeSync(fd, data);
  } finally {
    closeSync(fd);
  }
}

function ignoreErrno(write: () => void): void {
  try {
    write();
  } catch (error) {
    if (!(error instanceof Error && 'errno' in error)) throw error;
  }
}
