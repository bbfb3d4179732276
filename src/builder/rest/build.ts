import { randomBytes } from 'node:crypto';
import type { BuildArguments, Progress } from '#api';
import { StatusResponse } from '#buildkit';
import { encode } from '#protobuf';
import type { BuilderContext } from '../context.ts';
import { runJob } from '../run-job.ts';
import { failureOf } from '../solve/failure.ts';
import { solveRequestOf } from './attributes.ts';
import type { Uploads } from './uploads.ts';

/** Marks the call that brings a context, and the build that waits for it. */
const UPLOAD = 'upload-request';

interface RestBuild extends BuildArguments {
  readonly signal: AbortSignal;
}

/**
 * Builds for a client of `POST /build?version=2`, as the docker CLI 20.10 is one: BuildKit's progress in the lines of the
 * answer, everything else over its session, but for a context in the body.
 */
export async function* buildForRest(
  context: BuilderContext,
  uploads: Uploads,
  { body, options }: { readonly body: AsyncIterable<Uint8Array>; readonly options: RestBuild },
): AsyncGenerator<Progress> {
  const { buildId, remote, signal } = options;
  if (buildId.startsWith(`${UPLOAD}:`)) return await uploads.give(buildId.slice(UPLOAD.length + 1), body);
  const upload = remote === UPLOAD ? await uploads.take(buildId) : remote === '' ? body : undefined;
  const request = solveRequestOf(options, buildId || randomBytes(12).toString('hex'));
  const left = new AbortController();
  const { job, result } = runJob(context, request, { signal: AbortSignal.any([signal, left.signal]), upload });
  result.catch(() => {});
  try {
    for await (const update of job.feed.read(signal)) {
      const aux = Buffer.from(encode(StatusResponse, update)).toString('base64');
      yield { id: 'moby.buildkit.trace', aux };
    }
    const { imageId } = (await result) ?? {};
    if (imageId !== undefined) yield { id: 'moby.image.id', aux: { ID: imageId } };
  } catch (error) {
    const { message } = failureOf(error);
    yield { errorDetail: { message }, error: message };
  } finally {
    // Who does not read on has left.
    left.abort(new Error('context canceled'));
    await result.catch(() => {});
  }
}
