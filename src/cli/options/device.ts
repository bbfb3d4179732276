import { posix } from 'node:path';

/** A device as the API takes it. */
export interface DeviceMappingRequest {
  PathOnHost: string;
  PathInContainer: string;
  CgroupPermissions: string;
}

const isMode = (text: string) => /^[rwm]{1,3}$/.test(text) && new Set(text).size === text.length;

/** Whether the text names a device of the Container Device Interface: `vendor.com/class=name`. */
export function isCdiName(text: string): boolean {
  return /^[a-zA-Z][\w.-]*[a-zA-Z0-9]?\/[a-zA-Z][\w-]*=[a-zA-Z0-9][\w.:-]*$/.test(text);
}

/** Reads `--device host[:container][:rwm]`. */
export function readDevice(text: string): DeviceMappingRequest {
  const parts = text.split(':');
  const [host = '', second, third] = parts;
  if (parts.length > 3 || host === '') throw new Error(`bad format for path: ${text}`);
  if (third !== undefined && !isMode(third)) throw new Error(`bad mode specified: ${third}`);
  const secondIsMode = third === undefined && second !== undefined && isMode(second);
  const inside = second === undefined || secondIsMode ? host : second;
  if (!inside.startsWith('/')) throw new Error(`${inside} is not an absolute path`);
  const cleaned = third === undefined ? posix.normalize(inside).replace(/(.)\/$/, '$1') : inside;
  const permissions = third ?? (secondIsMode ? second : 'rwm');
  return {
    PathOnHost: second === undefined || secondIsMode ? cleaned : host,
    PathInContainer: cleaned,
    CgroupPermissions: permissions,
  };
}
