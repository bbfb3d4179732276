import { refuse } from '../dockerfile-error.ts';
import { trim } from '../white-space.ts';
import { cleanPath } from './path-pattern.ts';

const LARGEST_FILE = 1024 * 1024;
const LONGEST_LINE = 65536;

/** The patterns of a .dockerignore, as they go to {@link PathPatterns}. */
export function readIgnoreFile(bytes: Uint8Array): string[] {
  if (bytes.length > LARGEST_FILE) refuse(`the .dockerignore is larger than ${LARGEST_FILE} bytes`);
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    .toString('utf8')
    .replace(/^\uFEFF/, '');
  return text.split('\n').flatMap((line) => {
    if (line.length >= LONGEST_LINE) refuse('bufio.Scanner: token too long');
    if (line.startsWith('#')) return [];
    const pattern = trim(line);
    if (pattern === '') return [];
    const isException = pattern.startsWith('!');
    const path = isException ? trim(pattern.slice(1)) : pattern;
    return [(isException ? '!' : '') + (path === '' ? '' : relative(cleanPath(path)))];
  });
}

function relative(path: string): string {
  return path.length > 1 && path.startsWith('/') ? path.slice(1) : path;
}

/** Which ignore files a build looks for, the first that is there wins: beside its Dockerfile, and in its context. */
export function ignoreFileNames(dockerfile: string): { besideDockerfile: string; inContext: string } {
  return { besideDockerfile: `${dockerfile}.dockerignore`, inContext: '.dockerignore' };
}
