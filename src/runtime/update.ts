import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { promisify } from 'node:util';
import { internal } from '#errdefs';
import type { OciResources } from '#oci';
import { failpoint, isErrno } from '#sys';
import { updateSteps } from './cgroup/make-plan.ts';
import type { CgroupStep } from './cgroup/plan.ts';
import type { RuntimeContext } from './context.ts';
import { findRun } from './context.ts';
import { systemdProperties } from './spec/systemd-properties.ts';
import { errnoText } from './start-error.ts';

const BUSCTL_MS = 5_000;

/** Limits of a running container: those in force, and those that take their place. */
export interface LimitChange {
  readonly from: OciResources;
  readonly to: OciResources;
}

/**
 * Puts other limits in force, or throws and leaves the old ones. Off the event loop: lowering memory makes the kernel
 * take pages back while the writer waits.
 */
export async function updateLimits(context: RuntimeContext, id: string, change: LimitChange): Promise<void> {
  const { cgroup } = findRun(context, id).record;
  const undone: WriteStep[] = [];
  try {
    for (const step of changedSteps(cgroup.directories, change)) await put(step, undone);
    if (cgroup.manager === 'systemd' && cgroup.version === 2) {
      await setProperties(basename(cgroup.directories[0]!.path), change.to);
      failpoint('runtime.update.properties-set');
    }
  } catch (error) {
    for (const step of undone.reverse()) await writeOnce(step).catch(() => undefined);
    failpoint('runtime.update.undone');
    throw error;
  }
}

type WriteStep = Extract<CgroupStep, { op: 'write' }>;

/** One rendering for both sides: what comes out different has to be written. */
function changedSteps(directories: Parameters<typeof updateSteps>[0], { from, to }: LimitChange): WriteStep[] {
  const before = new Map(writes(updateSteps(directories, from)).map(({ path, data }) => [path, data]));
  return writes(updateSteps(directories, to, { update: true })).filter(({ path, data }) => before.get(path) !== data);
}

const writes = (steps: readonly CgroupStep[]) => steps.filter((step): step is WriteStep => step.op === 'write');

async function put(step: WriteStep, undone: WriteStep[]): Promise<void> {
  try {
    const before = await readFile(step.path, 'utf8');
    await writeOnce(step);
    undone.push({ ...step, data: before.trim() });
  } catch (error) {
    if (step.optional) return;
    const { errno, message } = error as NodeJS.ErrnoException;
    const reason = errno === undefined ? message : errnoText(Math.abs(errno));
    throw isErrno(error, 'ENOENT', 'ENODEV')
      ? error
      : internal(`failed to write "${step.data}": write ${step.path}: ${reason}`, error);
  }
  failpoint('runtime.update.written');
}

/** One write(2), without truncation: the kernel parses each write as a whole. */
async function writeOnce({ path, data }: WriteStep): Promise<void> {
  const file = await open(path, constants.O_WRONLY);
  try {
    await file.write(data);
  } finally {
    await file.close();
  }
}

/** Tells systemd too, which would lift the kernel's limits at its next `daemon-reload`. */
async function setProperties(unit: string, limits: OciResources): Promise<void> {
  const properties = Object.entries(systemdProperties(limits)).flatMap(([name, value]) => {
    const [, number = ''] = value.split(' ');
    return [name.slice(name.lastIndexOf('.') + 1), 't', number];
  });
  const manager = ['org.freedesktop.systemd1', '/org/freedesktop/systemd1', 'org.freedesktop.systemd1.Manager'];
  const call = ['SetUnitProperties', 'sba(sv)', unit, 'true', String(properties.length / 3), ...properties];
  await promisify(execFile)('busctl', ['call', ...manager, ...call], { timeout: BUSCTL_MS });
}
