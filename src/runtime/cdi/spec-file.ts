import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { ContainerEdits } from './edits.ts';

const LIMIT = 4 << 20;
const PART = '[A-Za-z0-9](?:[A-Za-z0-9_.-]*[A-Za-z0-9])?';
const KIND = new RegExp(`^${PART}/${PART}$`);
const DEVICE = /^[A-Za-z0-9](?:[A-Za-z0-9_.:-]*[A-Za-z0-9])?$/;
const HOOKS = ['prestart', 'createRuntime', 'createContainer', 'startContainer', 'poststart'];

/** One file below `/etc/cdi`. */
export interface CdiSpec {
  /** `vendor.com/class` */
  readonly kind: string;
  readonly devices: readonly { readonly name: string; readonly containerEdits: ContainerEdits }[];
  /** Made for every container that gets one of the devices. */
  readonly containerEdits: ContainerEdits;
}

/** Reads a file; `.yaml` or `.yml` is YAML, all else JSON. Throws an Error that says what is wrong with it. */
export function readSpecFile(path: string): CdiSpec {
  const fd = openSync(path, 'r');
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile() || stat.size > LIMIT) throw new Error('not a file of at most 4 MiB');
    const text = readFileSync(fd, 'utf8');
    return checkSpec(/\.ya?ml$/.test(path) ? parseYaml(text) : JSON.parse(text));
  } finally {
    closeSync(fd);
  }
}

/** Loaded when the first such file is read. */
function parseYaml(text: string): unknown {
  const { parse } = createRequire(import.meta.url)('yaml') as { parse(text: string): unknown };
  return parse(text);
}

function checkSpec(document: unknown): CdiSpec {
  if (!isRecord(document)) throw new Error('not an object');
  const { cdiVersion, kind, devices, containerEdits = {} } = document;
  if (typeof cdiVersion !== 'string') throw new Error('cdiVersion is missing');
  if (typeof kind !== 'string' || !KIND.test(kind)) throw new Error(`invalid kind ${JSON.stringify(kind)}`);
  if (!Array.isArray(devices) || devices.length === 0) throw new Error('no devices');
  return { kind, devices: devices.map(checkDevice), containerEdits: checkEdits(containerEdits) };
}

function checkDevice(device: unknown): CdiSpec['devices'][number] {
  const { name, containerEdits = {} } = isRecord(device) ? device : {};
  if (typeof name !== 'string' || !DEVICE.test(name)) throw new Error(`invalid device name ${JSON.stringify(name)}`);
  return { name, containerEdits: checkEdits(containerEdits) };
}

function checkEdits(edits: unknown): ContainerEdits {
  if (!isRecord(edits)) throw new Error('containerEdits is no object');
  list(edits.env, 'env', (value) => typeof value === 'string' && value.includes('='));
  list(edits.deviceNodes, 'deviceNodes', (node) => isRecord(node) && isPath(node.path));
  list(edits.mounts, 'mounts', (mount) => isRecord(mount) && isPath(mount.hostPath) && isPath(mount.containerPath));
  list(edits.hooks, 'hooks', (hook) => isRecord(hook) && isPath(hook.path) && HOOKS.includes(String(hook.hookName)));
  list(edits.additionalGids, 'additionalGids', (gid) => Number.isInteger(gid));
  if (edits.intelRdt || edits.netDevices) throw new Error('intelRdt and netDevices are not supported');
  return edits as ContainerEdits;
}

function list(value: unknown, name: string, isOne: (item: unknown) => boolean): void {
  if (value == null) return;
  if (!Array.isArray(value) || !value.every(isOne)) throw new Error(`invalid ${name}: ${JSON.stringify(value)}`);
}

const isPath = (value: unknown) => typeof value === 'string' && value.startsWith('/') && !value.includes('\0');
const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
