import { posix } from 'node:path';
import { refuse } from '../dockerfile-error.ts';
import { trim } from '../white-space.ts';
import type { GlobStep } from './glob.ts';
import { compileGlob, matchesGlob, takes } from './glob.ts';

/** One pattern of a .dockerignore or an `--exclude`, cleaned. */
export interface PathPattern {
  readonly text: string;
  /** `!pattern`: what it matches is taken back. */
  readonly isException: boolean;
  /** Whether it matches this very path; its parents are for the matcher. */
  matches(path: string): boolean;
  /** Whether it may match something below this folder that it does not match through the folder. */
  mayMatchBelow(folder: string): boolean;
}

/** Undefined for a blank one; a malformed one is refused. */
export function pathPattern(raw: string): PathPattern | undefined {
  const trimmed = trim(raw);
  if (trimmed === '') return undefined;
  let text = cleanPath(trimmed);
  const isException = text.startsWith('!');
  if (isException) {
    if (text === '!') refuse('illegal exclusion pattern: "!"');
    text = text.slice(1);
  }
  const steps = compileGlob(text, true);
  const segments = text.split('/').map((segment) => (segment.includes('**') ? undefined : segmentOf(segment)));
  return {
    text,
    isException,
    matches: matcherOf(text, steps),
    mayMatchBelow: (folder) => mayMatchBelow(segments, folder.split('/')),
  };
}

/** Go's `filepath.Clean`: no trailing slash, dots resolved. */
export function cleanPath(path: string): string {
  const clean = posix.normalize(path);
  return clean.length > 1 && clean.endsWith('/') ? clean.slice(0, -1) : clean;
}

// Docker: plain patterns with `**` only at one end are compared as texts, which differs: `**x` is the end of any name.
function matcherOf(text: string, steps: readonly GlobStep[]): (path: string) => boolean {
  const isPlain = (part: string) => !/[*?[\]\\]/.test(part);
  if (isPlain(text)) return (path) => path === text;
  if (text.startsWith('**') && isPlain(text.slice(2))) {
    const suffix = text.slice(2);
    return (path) => path.endsWith(suffix) || (suffix.startsWith('/') && path === suffix.slice(1));
  }
  if (text.endsWith('**') && isPlain(text.slice(0, -2))) {
    const prefix = text.slice(0, -2);
    return (path) => path.startsWith(prefix);
  }
  return (path) => matchesGlob(steps, path);
}

/** Undefined for one that may reach over slashes. */
type Segment = (name: string) => boolean;

function segmentOf(segment: string): Segment | undefined {
  try {
    const steps = compileGlob(segment);
    if (steps.some((step) => step.kind === 'class' && takes(step, '/'))) return undefined;
    return (name) => matchesGlob(steps, name);
  } catch {
    // A class that was split at a slash.
    return undefined;
  }
}

function mayMatchBelow(segments: readonly (Segment | undefined)[], names: readonly string[]): boolean {
  for (const [i, name] of names.entries()) {
    if (i >= segments.length) return false;
    const segment = segments[i];
    if (segment === undefined) return true;
    if (!segment(name)) return false;
  }
  return segments.length > names.length;
}
