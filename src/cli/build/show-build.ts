import type { RunningBuild } from '#client';
import { RpcError } from '#grpc';
import type { FlagValues } from '../flags/flag-values.ts';
import type { Session } from '../session.ts';
import { StatusError } from '../status-error.ts';
import type { Shown } from './progress/choose.ts';
import { showing } from './progress/choose.ts';
import { failedStepOf, failureText, warningsText } from './progress/failure.ts';
import { Steps } from './progress/steps.ts';

/** How long the last words of a build that failed are waited for. */
const LAST_WORDS_MS = 500;

/** Shows a build while it runs, and answers with what it says at its end; a fault is told as docker tells it. `look`: at
 * the image of the files of a step that failed. */
export async function showBuild(
  session: Session,
  flags: FlagValues,
  { status, response }: RunningBuild,
  look?: (image: string) => Promise<void>,
): Promise<ReadonlyMap<string, string>> {
  const steps = new Steps();
  const shown = showing(session, flags, steps);
  const watching = watch(status, steps, shown);
  try {
    const told = await response;
    await watching;
    shown.end();
    if (!shown.isQuiet) session.err(warningsText(steps.warnings));
    return told;
  } catch (error) {
    await Promise.race([watching, new Promise((wake) => setTimeout(wake, LAST_WORDS_MS))]);
    shown.end();
    if (!(error instanceof RpcError)) throw error;
    session.err(failureText(error, steps.byDigest.values()));
    const image = failedStepOf(error);
    if (image !== undefined) await look?.(image);
    throw new StatusError(`ERROR: failed to build: failed to solve: ${error.message}`, 1);
  }
}

async function watch(status: RunningBuild['status'], steps: Steps, shown: Shown): Promise<void> {
  for await (const message of status) {
    shown.raw?.(message);
    shown.update(steps.take(message));
  }
}
