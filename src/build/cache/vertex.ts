import { digestOf } from '#oci';
import type { BuildEvents } from '../events.ts';

/** Tells of parts of a piece of work as they are done. */
export type Tell = (part: string) => Disposable;

/** Does a piece of work that is shown as a step of its own. */
export async function asVertex<T>(events: BuildEvents, name: string, work: (tell: Tell) => Promise<T>): Promise<T> {
  const digest = digestOf(Buffer.from(`${name} ${crypto.randomUUID()}`));
  events.vertex({ digest, name, inputs: [], line: 0, step: 0 });
  events.started(digest);
  const tell: Tell = (part) => {
    const status = { id: part, name: part, current: 0, total: 0, started: new Date() };
    events.status(digest, status);
    return { [Symbol.dispose]: () => events.status(digest, { ...status, completed: new Date() }) };
  };
  try {
    const result = await work(tell);
    events.completed(digest, { cached: false });
    return result;
  } catch (error) {
    events.failed(digest, error instanceof Error ? error : new Error(String(error)));
    throw error;
  }
}
