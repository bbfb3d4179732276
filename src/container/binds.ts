import { posix } from 'node:path';
import type { Mount } from '#api';
import { internal, invalid } from '#errdefs';
import { mountFault } from './mount-config.ts';
import { isMountMode, readMode } from './mount-mode.ts';

/** A bind of `HostConfig.Binds` (`-v`), taken apart. */
export interface Bind {
  readonly type: 'bind' | 'volume';
  /** Host path or volume name; empty for an anonymous volume. */
  readonly source: string;
  readonly destination: string;
  readonly mode: string;
}

/** Takes `[source:]destination[:mode]` apart. Docker: what is wrong with it is a 500, not a 400. */
export function parseBind(spec: string): Bind {
  const { source, destination, mode } = split(spec);
  if (!isMountMode(mode)) throw internal(`invalid mode: ${mode}`);
  const type = posix.isAbsolute(source) ? 'bind' : 'volume';
  const fault = mountFault(toMount(type, source, destination, mode));
  if (fault) throw internal(`${refusal(spec)}: ${fault}`);
  return { type, source: type === 'bind' ? clean(source) : source, destination: clean(destination), mode };
}

/** `id[:mode]` of `--volumes-from`. */
export function parseVolumesFrom(spec: string): { container: string; mode: string } {
  const at = spec.indexOf(':');
  const container = at < 0 ? spec : spec.slice(0, at);
  const mode = at < 0 ? 'rw' : spec.slice(at + 1);
  if (spec === '') throw invalid('volumes-from specification cannot be an empty string');
  if (!isMountMode(mode) || /nocopy|shared|slave|private/.test(mode)) throw invalid(`invalid mode: ${mode}`);
  return { container, mode };
}

/** The path without `.`, `..` and doubled or trailing slashes. */
export function clean(path: string): string {
  const normal = posix.normalize(path);
  return normal.length > 1 && normal.endsWith('/') ? normal.slice(0, -1) : normal;
}

function split(spec: string): { source: string; destination: string; mode: string } {
  const parts = spec.split(':');
  const [first = '', second = '', third = ''] = parts;
  if (first === '' || parts.length > 3) throw internal(refusal(spec));
  if (parts.length === 1) return { source: '', destination: first, mode: '' };
  if (parts.length === 3) return { source: first, destination: second, mode: third };
  // Docker: `/data:ro` is an anonymous volume with a mode.
  return isMountMode(second) && second !== ''
    ? { source: '', destination: first, mode: second }
    : { source: first, destination: second, mode: '' };
}

function toMount(type: string, source: string, destination: string, mode: string): Mount {
  const { propagation, noCopy } = readMode(mode);
  return {
    Type: type,
    Source: source,
    Target: destination,
    ...(propagation ? { BindOptions: { Propagation: propagation } } : {}),
    ...(noCopy ? { VolumeOptions: { NoCopy: true } } : {}),
  };
}

function refusal(spec: string): string {
  return `invalid volume specification: '${spec}'`;
}
