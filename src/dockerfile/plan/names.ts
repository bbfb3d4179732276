import { EngineError, invalid } from '#errdefs';
import type { Platform } from '#oci';
import { familiarString, formatPlatform, parsePlatform, parseReference } from '#oci';
import { goQuote } from '#template/quote';

export function isReference(text: string): boolean {
  return tried(() => parseReference(text)) !== undefined;
}

const OS_PART = /^([A-Za-z0-9_-]+)(?:\(([A-Za-z0-9_.%-]*)((?:\+[A-Za-z0-9_.%-]+)*)\))?$/;
const PART = /^[A-Za-z0-9_.-]+$/;

/** A platform as FROM has it; BuildKit's messages, which differ from the API's. */
export function parseFromPlatform(text: string): Platform {
  const [os = '', ...others] = text.split('/');
  const is = (what: string, part: string, pattern: RegExp) =>
    `${goQuote(part)} is an invalid ${what} of ${goQuote(text)}: ${what === 'component' ? 'platform' : 'OSAndVersion'} specifier component must match ${goQuote(pattern.source)}: invalid argument`;
  if (!OS_PART.test(os)) throw invalid(is('OS component', os, OS_PART));
  const bad = others.find((part) => !PART.test(part));
  if (bad !== undefined) throw invalid(is('component', bad, PART));
  return parsePlatform(text);
}

export function platformOf(text: string): Platform | undefined {
  return tried(() => parseFromPlatform(text));
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
