import type { BuildHistoryRequest } from '#buildkit';
import { Content, Control, HISTORY, Traces, timestamp } from '#buildkit';
import { invalid, notFound } from '#errdefs';
import type { Handler } from '#grpc';
import { streaming, unary } from '#grpc';
import type { Message } from '#protobuf';
import type { BuilderContext } from './context.ts';
import { now } from './control.ts';
import type { HistoryRecord } from './history/history.ts';

type Request = Message<typeof BuildHistoryRequest>;

/** The builds that were and are, and what BuildKit's clients ask about them. */
export function historyHandlers({ history, jobs }: BuilderContext): Handler[] {
  return [
    streaming(Control.listenBuildHistory, async (call) => {
      const request = await call.request();
      call.begin(now());
      if (!request.activeOnly) {
        for (const record of selected(history.list(), request)) await call.send({ type: HISTORY.complete, record });
      }
      for (const { ref } of jobs.all) {
        if (request.ref !== '' && ref !== request.ref) continue;
        await call.send({ type: HISTORY.started, record: { ref, createdAt: timestamp(Date.now()) } });
      }
      // Who wants to hear more stays; that it ends is what they wait for.
      if (!request.earlyExit) await new Promise((resolve) => call.signal.addEventListener('abort', resolve));
    }),
    unary(Control.updateBuildHistory, async ({ ref, pinned, delete: isDelete, finalize }) => {
      if (finalize) return {};
      const found = isDelete ? await history.remove(ref) : await history.pin(ref, pinned);
      if (!found) throw notFound(`failed to retrieve build record ${ref.slice(0, 100)}: not found`);
      return {};
    }),
    unary(Content.info, ({ digest }) => {
      throw notFound(`content ${digest.slice(0, 100)}: not found`);
    }),
    streaming(Content.read, async (call) => {
      const { digest } = await call.request();
      throw notFound(`content ${digest.slice(0, 100)}: not found`);
    }),
    unary(Traces.export, () => ({})),
  ];
}

function selected(records: readonly HistoryRecord[], { ref, filter, limit }: Request): readonly HistoryRecord[] {
  const named = ref === '' ? records : records.filter((record) => record.ref === ref);
  const wanted = filter.reduce((all, text) => all.filter(matcher(text)), named);
  return limit > 0 ? wanted.slice(-limit) : wanted;
}

/** `ref==x`, `status!=error`, `repository…`: what is not known is an error. */
function matcher(text: string): (record: HistoryRecord) => boolean {
  const match = /^([A-Za-z]+)(==|!=|=|~=)"?([^"]*)"?$/.exec(text);
  if (!match) throw invalid(`invalid filter ${JSON.stringify(text)}`);
  const [, field, operator, value = ''] = match;
  const partOf = (record: HistoryRecord): string => {
    if (field === 'ref') return record.ref;
    if (field === 'status') return record.error ? 'error' : 'completed';
    throw invalid(`unknown filter field ${JSON.stringify(field)}`);
  };
  if (operator === '~=') return (record) => partOf(record).includes(value);
  return (record) => (partOf(record) === value) === (operator !== '!=');
}
