import { EngineError } from '#errdefs';
import type { Platform } from '#oci';
import { familiarString, formatPlatform, parsePlatform, parseReference } from '#oci';

export function isReference(text: string): boolean {
  return tried(() => parseReference(text)) !== undefined;
}

export function platformOf(text: string): Platform | undefined {
  return tried(() => parsePlatform(text));
}

function tried<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof EngineError) return undefined;
    throw error;
  }
}

/** The key of a context that stands in for this name, if there is one. */
export function contextFor(
  name: string,
  contexts: ReadonlySet<string> | undefined,
  platform: Platform,
): string | undefined {
  if (!contexts || contexts.size === 0 || /^(?:scratch|context)$/i.test(name)) return undefined;
  const short = familiarString(parseReference(name)).replace(/:latest$/, '');
  return [`${short}::${formatPlatform(platform)}`, short].find((key) => contexts.has(key));
}

/** Names that a base image may have been meant to be. */
export const COMMON_IMAGES: readonly string[] = [
  ...['alpine', 'busybox', 'centos', 'debian', 'golang', 'ubuntu', 'fedora'],
].flatMap((name) => [name, `docker.io/library${name}`, `${name}:latest`, `docker.io/library${name}:latest`]);
