import { invalid } from '#errdefs';

const SLASH = 0x2f;
const DOT = 0x2e;

/**
 * A name from an archive as a path below its root: no leading slash, no empty, `.` or `..` component (`..` at the top
 * stays at the top, as in a root directory). The root itself is the empty buffer. Throws on a NUL or an overlong component.
 */
export function cleanPath(name: Buffer): Buffer {
  if (name.includes(0)) throw invalid('archive/tar: a name contains a NUL byte');
  if (isClean(name)) return name;
  const kept: Buffer[] = [];
  for (let at = 0; at <= name.length; ) {
    const slash = name.indexOf(SLASH, at);
    const end = slash < 0 ? name.length : slash;
    const part = name.subarray(at, end);
    at = end + 1;
    if (part.length === 0 || (part.length === 1 && part[0] === DOT)) continue;
    if (part.length === 2 && part[0] === DOT && part[1] === DOT) kept.pop();
    else kept.push(part);
  }
  return joinPath(kept);
}

/** Components with slashes between them. */
export function joinPath(parts: readonly Buffer[]): Buffer {
  const length = parts.reduce((sum, part) => sum + part.length + 1, 0);
  const joined = Buffer.alloc(Math.max(0, length - 1), SLASH);
  let at = 0;
  for (const part of parts) at += part.copy(joined, at) + 1;
  return joined;
}

/** The directory part of a cleaned path (empty: the root) and its last component. */
export function splitPath(path: Buffer): { parent: Buffer; base: Buffer } {
  const slash = path.lastIndexOf(SLASH);
  return { parent: path.subarray(0, Math.max(0, slash)), base: path.subarray(slash + 1) };
}

/** One pass over the common case: no dots at the start of a component, no doubled, leading or final slash. */
function isClean(name: Buffer): boolean {
  let previous = SLASH;
  for (const byte of name) {
    if (previous === SLASH && (byte === SLASH || byte === DOT)) return false;
    previous = byte;
  }
  return previous !== SLASH || name.length === 0;
}
