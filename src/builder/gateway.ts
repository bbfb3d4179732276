import { Gateway, RpcStatus } from '#buildkit';
import { invalid, notImplemented } from '#errdefs';
import type { Handler, Metadata } from '#grpc';
import { CODES, codeOf, RpcError, unary } from '#grpc';
import { encode } from '#protobuf';
import { BUILD_CAPS, FRONTEND_CAPS } from './caps.ts';
import type { BuilderContext } from './context.ts';
import { blaming, loadDefinition } from './solve/definition.ts';
import { describe } from './solve/describe.ts';
import type { Job } from './solve/job.ts';
import { definitionOf, NO_GRAPHS } from './solve/linked.ts';
import { openMain } from './solve/remote.ts';
import { refuseOtherFrontends } from './solve/solve.ts';
import { workerOf } from './workers.ts';

const BUILD_ID = 'buildkit-controlapi-buildid';
const enabled = (ids: readonly string[]) => ids.map((id) => ({ id, enabled: true }));

/**
 * The gateway: clients that are the front of their own frontend. They ask the Dockerfile frontend for a result, of which
 * they get a name, and return the name, which makes the build that waits for it begin.
 */
export function gatewayHandlers(context: BuilderContext): Handler[] {
  const { jobs, worker } = context;
  const jobOf = async ({ metadata, signal }: { metadata: Metadata; signal: AbortSignal }): Promise<Job> =>
    await jobs.wait(metadata.get(BUILD_ID)?.[0] ?? '', signal);
  return [
    unary(Gateway.ping, async (_, call) => {
      await jobOf(call);
      const { version: _version, ...self } = workerOf(worker());
      return { frontendApiCaps: enabled(FRONTEND_CAPS), llbCaps: enabled(BUILD_CAPS), workers: [self] };
    }),
    unary(Gateway.solve, async ({ frontend, frontendOpt, frontendInputs, definition }, call) => {
      const job = await jobOf(call);
      if ((definition?.def.length ?? 0) > 0) throw notImplemented(NO_GRAPHS);
      const request = { frontend, attributes: frontendOpt, inputs: frontendInputs };
      refuseOtherFrontends(request);
      const question = frontendOpt.get('requestid');
      if (question)
        return { result: { ref: {}, metadata: await answerOf(context, job, { question, attributes: frontendOpt }) } };
      const id = job.promise(request);
      return { result: { ref: { id, def: definitionOf(job.ref) } } };
    }),
    unary(Gateway.evaluate, async ({ ref }, call) => {
      (await jobOf(call)).promised(ref);
      return {};
    }),
    unary(Gateway.inputs, () => ({})),
    unary(Gateway.warn, () => ({})),
    unary(Gateway.return, async ({ result, error }, call) => {
      const job = await jobOf(call);
      if (error && error.code !== CODES.ok) {
        job.returned.reject(new RpcError(codeOf(error.code), error.message, encode(RpcStatus, error)));
        return {};
      }
      const refs = [...(result?.refs?.refs.values() ?? [])].map(({ id }) => id);
      const id = result?.ref?.id || result?.refDeprecated || refs[0] || '';
      if (refs.length > 1) throw invalid('a result of several platforms is made by asking for them in one build');
      job.returned.resolve(id === '' ? undefined : job.promised(id));
      return {};
    }),
  ];
}

/** A question about a Dockerfile needs nothing else of the client. */
async function answerOf(
  { builder, sessions, folders, findBase, log }: BuilderContext,
  job: Job,
  { question, attributes }: { question: string; attributes: ReadonlyMap<string, string> },
): Promise<Map<string, Uint8Array>> {
  const session = await sessions.get(job.session);
  const about = { session, events: job.report, signal: job.signal, attributes };
  const places = { ...about, exporters: [], spool: folders.spool, log };
  using main = await openMain(builder, places);
  const definition = await loadDefinition(places, main);
  return await blaming(definition, () => describe(question, definition, { attributes, findBase }));
}
