import type { Session } from '../session.ts';
import { StatusError } from '../status-error.ts';

/**
 * Does something to each of several objects, at most 50 at a time, and prints what comes of each in the order given;
 * failures are told after their turn and end the command with 1. Nothing is printed for undefined.
 */
export async function each(
  session: Session,
  names: readonly string[],
  work: (name: string) => Promise<string | undefined>,
): Promise<number> {
  const failures: string[] = [];
  const started: Promise<{ text: string | undefined } | { failure: string }>[] = [];
  const begin = (name: string) =>
    work(name).then(
      (text) => ({ text }),
      (error: Error) => ({ failure: error.message }),
    );
  for (const [at, name] of names.entries()) {
    while (started.length < Math.min(names.length, at + 50)) started.push(begin(names[started.length] as string));
    const result = (await started[at]) ?? { failure: name };
    if ('failure' in result) failures.push(result.failure);
    else if (result.text !== undefined) session.out(`${result.text}\n`);
  }
  if (failures.length > 0) throw new StatusError(failures.join('\n'), 1);
  return 0;
}
