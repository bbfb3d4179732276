import { parseBytes } from '../format/size.ts';

/** A limit for one device. */
export interface Throttle {
  Path: string;
  Rate: number;
}

function split(text: string): [string, string] {
  const at = text.indexOf(':');
  if (at < 0) throw new Error(`bad format: ${text}`);
  const path = text.slice(0, at);
  if (!path.startsWith('/dev/')) throw new Error(`bad format for device path: ${text}`);
  return [path, text.slice(at + 1)];
}

/** `--device-read-bps` and its like: `/dev/sda:1mb`. */
export function bytesRate(text: string, before: unknown): Throttle[] {
  const [path, rate] = split(text);
  try {
    return [...(before as Throttle[]), { Path: path, Rate: parseBytes(rate) }];
  } catch {
    throw new Error(
      `invalid rate for device: ${text}. The correct format is <device-path>:<number>[<unit>]. Number must be a positive integer. Unit is optional and can be kb, mb, or gb`,
    );
  }
}

/** `--device-read-iops` and its like: `/dev/sda:1000`. */
export function operationsRate(text: string, before: unknown): Throttle[] {
  const [path, rate] = split(text);
  if (!/^\d+$/.test(rate)) {
    throw new Error(
      `invalid rate for device: ${text}. The correct format is <device-path>:<number>. Number must be a positive integer`,
    );
  }
  return [...(before as Throttle[]), { Path: path, Rate: Number(rate) }];
}

/** `--blkio-weight-device`: `/dev/sda:500`. */
export function deviceWeight(text: string, before: unknown): { Path: string; Weight: number }[] {
  const [path, weight] = split(text);
  const value = Number(weight);
  const valid = /^\d+$/.test(weight) && (value === 0 || (value >= 10 && value <= 1000));
  if (!valid) throw new Error(`invalid weight for device: ${text}`);
  return [...(before as { Path: string; Weight: number }[]), { Path: path, Weight: value }];
}
