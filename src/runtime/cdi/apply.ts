import { internal } from '#errdefs';
import type { OciDevice, OciDeviceRule, OciHooks, OciMount, OciSpec } from '#oci';
import type { DeviceNode } from '../spec/input.ts';
import type { ContainerEdits, DeviceNodeEdit, HookEdit, MountEdit } from './edits.ts';

type Lookup = (path: string) => readonly DeviceNode[];

/** Makes the changes in a spec, all but the rules of the device cgroup: see {@link editedRules}. */
export function applyEdits(spec: OciSpec, edits: ContainerEdits, lookup: Lookup): void {
  const { process, linux } = spec;
  const given = (edits.env ?? []).map((entry) => entry.slice(0, entry.indexOf('=') + 1));
  process.env = [...process.env.filter((entry) => !given.some((key) => entry.startsWith(key))), ...(edits.env ?? [])];
  for (const edit of edits.deviceNodes ?? []) {
    const device = deviceOf(edit, lookup);
    const owned = {
      ...device,
      uid: edit.uid ?? (process.user.uid || device.uid || 0),
      gid: edit.gid ?? (process.user.gid || device.gid || 0),
    };
    linux.devices = [...(linux.devices ?? []).filter(({ path }) => path !== device.path), owned];
  }
  const mounts = (edits.mounts ?? []).map(mountOf).toSorted((a, b) => depth(a) - depth(b));
  const places = new Set(mounts.map(({ destination }) => destination));
  spec.mounts = [...spec.mounts.filter(({ destination }) => !places.has(destination)), ...mounts];
  for (const hook of edits.hooks ?? []) addHook((spec.hooks ??= {}), hook);
  const gids = [
    ...new Set([...(process.user.additionalGids ?? []), ...(edits.additionalGids ?? []).filter((gid) => gid !== 0)]),
  ];
  if (gids.length > 0) process.user.additionalGids = gids;
}

/** The rules that let a container open the devices that it gets. */
export function editedRules(edits: ContainerEdits, lookup: Lookup): OciDeviceRule[] {
  return (edits.deviceNodes ?? []).map((edit) => {
    const { type, major, minor } = deviceOf(edit, lookup);
    return { allow: true, type, major, minor, access: edit.permissions || 'rwm' };
  });
}

/** What the edit does not say is as on the host. */
function deviceOf(edit: DeviceNodeEdit, lookup: Lookup): OciDevice {
  const { path, hostPath = path, type, major, minor, fileMode } = edit;
  if ((type === 'c' || type === 'b') && major !== undefined && minor !== undefined) {
    return { path, type, major, minor, ...(fileMode === undefined ? {} : { fileMode }) };
  }
  let node: DeviceNode | undefined;
  try {
    node = lookup(hostPath).find((found) => found.path === hostPath);
  } catch (error) {
    throw failed(`failed to stat CDI host device ${JSON.stringify(hostPath)}: no such file or directory`, error);
  }
  if (!node) throw failed(`CDI host device ${JSON.stringify(hostPath)} is not a device node`);
  return {
    path,
    type: node.type,
    major: node.major,
    minor: node.minor,
    fileMode: fileMode ?? node.mode,
    gid: node.gid,
  };
}

const failed = (why: string, cause?: unknown) => internal(`CDI device injection failed: ${why}`, cause);

function mountOf({ hostPath, containerPath, options = [], type }: MountEdit): OciMount {
  const isBind = !type || type === 'bind' || type === 'none';
  const words = isBind && !options.some((option) => /^r?bind$/.test(option)) ? ['rbind', ...options] : [...options];
  return { destination: containerPath, source: hostPath, type: isBind ? 'bind' : type, options: words };
}

function addHook(hooks: OciHooks, { hookName, path, args, env, timeout }: HookEdit): void {
  const hook = {
    path,
    ...(args ? { args: [...args] } : {}),
    ...(env ? { env: [...env] } : {}),
    ...(timeout ? { timeout } : {}),
  };
  const list = (hooks[hookName as keyof OciHooks] ??= []);
  list.push(hook);
}

const depth = ({ destination }: OciMount) => destination.split('/').length;
