import { posix } from 'node:path';
import type { HostConfig } from '#api';
import { internal } from '#errdefs';
import type { OciDevice, OciDeviceRule } from '#oci';
import type { DeviceNode } from './input.ts';

const allow = (type: string, major?: number, minor?: number, access = 'rwm'): OciDeviceRule => ({
  allow: true,
  type,
  ...(major === undefined ? {} : { major }),
  ...(minor === undefined ? {} : { minor }),
  access,
});

/** null, zero, full, random, urandom, tty, console, ptmx and ptys; any node may be made, none other opened. */
const DEFAULT_RULES: readonly OciDeviceRule[] = [
  { allow: false, access: 'rwm' },
  allow('c', undefined, undefined, 'm'),
  allow('b', undefined, undefined, 'm'),
  allow('c', 1, 3),
  allow('c', 1, 5),
  allow('c', 1, 7),
  allow('c', 1, 8),
  allow('c', 1, 9),
  allow('c', 5, 0),
  allow('c', 5, 1),
  allow('c', 5, 2),
  allow('c', 136),
];

type DeviceRequest = Pick<HostConfig, 'Privileged' | 'Devices' | 'DeviceCgroupRules'>;
type Lookup = (path: string) => readonly DeviceNode[];

/** Nodes to make under the container's /dev and the device cgroup's rules, in order. */
export function containerDevices(request: DeviceRequest, lookup: Lookup) {
  return request.Privileged ? privilegedDevices(request, lookup) : chosenDevices(request, lookup);
}

function chosenDevices({ Devices, DeviceCgroupRules }: DeviceRequest, lookup: Lookup) {
  const devices: OciDevice[] = [];
  const rules = [...DEFAULT_RULES];
  for (const mapping of Devices ?? []) {
    // Docker: what is no permission is passed over.
    const permissions = (mapping.CgroupPermissions || 'rwm').replace(/[^rwm]/g, '');
    for (const node of mapped(mapping.PathOnHost, mapping.PathInContainer || mapping.PathOnHost, lookup)) {
      devices.push(node);
      if (permissions !== '') rules.push(allow(node.type, node.major, node.minor, permissions));
    }
  }
  return { devices, rules: [...rules, ...(DeviceCgroupRules ?? []).map(parseDeviceRule)] };
}

function privilegedDevices({ Devices }: DeviceRequest, lookup: Lookup) {
  const devices = mapped('/dev', '/dev', lookup).filter((device) => !ownedByContainer(device.path));
  for (const { PathOnHost, PathInContainer } of Devices ?? []) {
    if (PathInContainer === PathOnHost) continue;
    devices.push(...mapped(PathOnHost, PathInContainer || PathOnHost, lookup));
  }
  const rules: OciDeviceRule[] = [{ allow: true, access: 'rwm' }];
  return { devices, rules };
}

/** Devices that every container has of its own, or that belong to the host's ptys and file systems. */
function ownedByContainer(path: string): boolean {
  return /^\/dev\/(console|tty|null|zero|full|random|urandom|ptmx)$|^\/dev\/(pts|shm|fd|mqueue|\.lxc|\.lxd-mounts|\.udev)\//.test(
    path,
  );
}

function mapped(host: string, container: string, lookup: Lookup): OciDevice[] {
  let nodes: readonly DeviceNode[];
  const from = posix.resolve('/', host);
  try {
    if (host === '') throw Object.assign(new Error(host), { code: 'ENOENT' });
    nodes = lookup(from);
  } catch (error) {
    throw gathering(host, reason(error), error);
  }
  if (nodes.length === 0) throw gathering(host, 'not a device node');
  return nodes.map(({ path, type, major, minor, mode, uid, gid }) => ({
    // Docker: a path that is not absolute is one below the root.
    path: posix.resolve('/', path === from ? container : path.replace(from, container)),
    type,
    major,
    minor,
    fileMode: mode & 0o777,
    uid,
    gid,
  }));
}

function gathering(path: string, why: string, cause?: unknown) {
  return internal(`error gathering device information while adding custom device "${path}": ${why}`, cause);
}

function reason(error: unknown): string {
  const code = (error as { code?: string }).code;
  return code === 'ENOENT' ? 'no such file or directory' : (code ?? String(error));
}

/** A rule as `c 10:200 rwm`, `b *:* m`; Docker's error otherwise. */
export function parseDeviceRule(rule: string): OciDeviceRule {
  const match = /^([acb]) ([0-9]+|\*):([0-9]+|\*) ([rwm]{1,3})$/.exec(rule);
  if (!match) throw internal(`invalid device cgroup rule format: '${rule}'`);
  const [, type = '', major = '', minor = '', access = ''] = match;
  const number = (text: string) => (text === '*' ? undefined : Number(text));
  return allow(type, number(major), number(minor), access);
}
