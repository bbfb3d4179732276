import type { CopySide } from './local-path.ts';
import { saysDirectory, splitLast } from './local-path.ts';

/** Into which directory an archive is unpacked, and the name that the top of it has there; undefined: its own. */
export interface CopyPlan {
  readonly directory: string;
  readonly name: string | undefined;
}

/**
 * What Docker makes of a source and a destination: into a directory that exists things go under their own name; what does
 * not exist yet, or is a file, is the new name of what is copied.
 */
export function planCopy(source: CopySide, destination: CopySide): CopyPlan {
  if (destination.exists && destination.isDirectory) return { directory: destination.path, name: source.rename };
  if (destination.exists && source.isDirectory) throw new Error('cannot copy directory');
  if (!destination.exists && !source.isDirectory && saysDirectory(destination.path))
    throw new Error('no such directory');
  const { directory, base } = splitLast(destination.path);
  return { directory, name: base };
}
