import type { BuildResult } from '#build';
import type { SolveRequest } from '#buildkit';
import { Control } from '#buildkit';
import type { Handler } from '#grpc';
import { byteStream, streaming, unary } from '#grpc';
import type { Message } from '#protobuf';
import { cacheFilter } from './cache/filter.ts';
import { prune } from './cache/prune.ts';
import { allRecords, usageOf } from './cache/usage.ts';
import type { BuilderContext } from './context.ts';
import { runJob } from './run-job.ts';
import { sessionFacts } from './session/facts.ts';
import { exportersOf } from './solve/solve.ts';
import { versionOf, workerOf } from './workers.ts';

/** BuildKit's control API. */
export function controlHandlers(context: BuilderContext): Handler[] {
  const { jobs, history, worker } = context;
  return [
    unary(Control.listWorkers, () => ({ record: [workerOf(worker())] })),
    unary(Control.info, () => ({ version: versionOf(worker().version) })),
    unary(Control.solve, async (request, { signal }) => {
      const result = await runJob(context, request, { signal }).result;
      return { exporterResponse: result ? responseOf(request, result) : new Map() };
    }),
    streaming(Control.status, async (call) => {
      const { ref } = await call.request();
      const kept = jobs.find(ref) ? undefined : history.updates(ref);
      call.begin(now());
      if (kept) for (const update of kept) await call.send(update);
      else
        for await (const update of (await jobs.wait(ref, call.signal)).feed.read(call.signal)) await call.send(update);
    }),
    streaming(Control.session, async (call) => {
      const facts = sessionFacts((name) => call.metadata.get(name) ?? []);
      call.begin();
      const stream = byteStream({
        incoming: call.requests(),
        send: (message) => call.send(message),
        end: () => {},
        cancel: () => {},
      });
      call.signal.addEventListener('abort', () => stream.destroy(), { once: true });
      await context.sessions.attach(facts, stream);
    }),
    unary(Control.diskUsage, ({ filter }) => ({
      record: allRecords(context).filter(cacheFilter(filter)).map(usageOf),
    })),
    streaming(Control.prune, async (call) => {
      for (const record of await prune(context, await call.request())) await call.send(usageOf(record));
    }),
  ];
}

/** Docker: without a store of its own for manifests, an image is named by its config. */
function responseOf(request: Message<typeof SolveRequest>, result: BuildResult): Map<string, string> {
  const { response, imageId, manifest } = result;
  const said = new Map(response);
  if (imageId === undefined || !exportersOf(request).some(({ type }) => type === 'moby')) return said;
  // With attestations it is a list, which only its own digest names.
  if (!/index/.test(manifest.mediaType)) {
    said.set('containerimage.digest', imageId);
    said.delete('containerimage.descriptor');
  }
  const names = exportersOf(request).flatMap(({ attrs }) => attrs.get('name')?.split(',') ?? []);
  const full = said.get('image.name')?.split(',');
  // Docker: a name is told with a tag only when it was asked for with one.
  const told = full?.map((name, i) => (/[:@][^/]*$/.test(names[i] ?? ':') ? name : name.replace(/:latest$/, '')));
  if (told) said.set('image.name', told.join(','));
  return said;
}

/** BuildKit tells its clock, so that clients on other hosts can show times. */
export const now = () => ({ 'buildkit-current-timestamp': new Date().toISOString() });
