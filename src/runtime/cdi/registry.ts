import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { isErrno } from '#sys';
import type { ContainerEdits } from './edits.ts';
import type { CdiSpec } from './spec-file.ts';
import { readSpecFile } from './spec-file.ts';

/** A device that containers can have, and the file it comes from. */
export interface CdiDevice {
  readonly edits: ContainerEdits;
  readonly spec: CdiSpec;
}

/** Devices by full name (`vendor.com/class=name`), and what is wrong with files that were passed over. */
export interface CdiRegistry {
  readonly devices: ReadonlyMap<string, CdiDevice>;
  readonly faults: readonly string[];
}

/**
 * Reads all files of these folders. A later folder wins over an earlier one; two files of one folder that name the same
 * device make it unknown.
 */
export function readRegistry(folders: readonly string[]): CdiRegistry {
  const devices = new Map<string, CdiDevice>();
  const faults: string[] = [];
  for (const folder of folders) {
    const here = readFolder(folder, faults);
    for (const [name, found] of Map.groupBy(here, ([name]) => name)) {
      if (found.length === 1) devices.set(name, found[0]![1]);
      else {
        devices.delete(name);
        faults.push(`${folder}: several files have the device ${name}`);
      }
    }
  }
  return { devices, faults };
}

function readFolder(folder: string, faults: string[]): [string, CdiDevice][] {
  return filesOf(folder).flatMap((path) => {
    try {
      const spec = readSpecFile(path);
      return spec.devices.map(({ name, containerEdits: edits }): [string, CdiDevice] => [
        `${spec.kind}=${name}`,
        { edits, spec },
      ]);
    } catch (error) {
      faults.push(`${path}: ${(error as Error).message}`);
      return [];
    }
  });
}

function filesOf(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => /\.(json|ya?ml)$/.test(name))
      .sort()
      .map((name) => join(folder, name));
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return [];
    throw error;
  }
}
