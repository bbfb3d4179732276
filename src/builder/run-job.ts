import type { BuildResult } from '#build';
import type { SolveRequest } from '#buildkit';
import type { Message } from '#protobuf';
import type { BuilderContext } from './context.ts';
import { recordOf } from './history/record.ts';
import type { Job } from './solve/job.ts';
import { solve } from './solve/solve.ts';

interface Caller {
  readonly signal: AbortSignal;
  /** The main context, where it came with the call itself. */
  readonly upload?: AsyncIterable<Uint8Array> | undefined;
}

/** Begins a build; however it ends, it is recorded. */
export function runJob(
  context: BuilderContext,
  request: Message<typeof SolveRequest>,
  caller: Caller,
): { readonly job: Job; readonly result: Promise<BuildResult | undefined> } {
  const job = context.jobs.begin(request.ref, request.session, caller.signal);
  return { job, result: finish(context, { job, request, caller }) };
}

interface Begun {
  readonly job: Job;
  readonly request: Message<typeof SolveRequest>;
  readonly caller: Caller;
}

async function finish(context: BuilderContext, { job, request, caller }: Begun): Promise<BuildResult | undefined> {
  const { jobs, history, log } = context;
  const { signal, upload } = caller;
  const began = Date.now();
  let result: BuildResult | undefined;
  let error: unknown;
  try {
    result = await solve(context, job, { request, upload });
    job.outcome.resolve(result);
    return result;
  } catch (fault) {
    error = signal.aborted ? signal.reason : fault;
    job.outcome.reject(error);
    throw error;
  } finally {
    jobs.end(job);
    if (!request.internal) {
      const record = recordOf(job, request, { began, result, error });
      await history.add(record, job.feed.all).catch((reason) => log.warn('a build is not recorded', { error: reason }));
    }
  }
}
