import { createHash } from 'node:crypto';
import type { BuildEvents } from '#build';
import type { Digest } from '#oci';

const TICK_MS = 100;

/** Runs a transfer as a step of the build, with the bytes that have come. */
export async function asStep<T>(
  events: BuildEvents,
  { name, what }: { readonly name: string; readonly what: string },
  work: (digest: Digest, meter: (received: () => number) => void) => Promise<T>,
): Promise<T> {
  const digest: Digest = `sha256:${createHash('sha256').update(`internal ${name}`).digest('hex')}`;
  events.vertex({ digest, name, inputs: [], line: 0, step: 0 });
  events.started(digest);
  let stop = () => {};
  try {
    const result = await work(digest, (received) => {
      stop = watch(events, { digest, what, received });
    });
    stop();
    events.completed(digest, { cached: false });
    return result;
  } catch (error) {
    stop();
    events.failed(digest, error as Error);
    throw error;
  }
}

interface Watched {
  readonly digest: Digest;
  readonly what: string;
  readonly received: () => number;
}

/** Tells how much has come, now and then, and at the end. */
function watch(events: BuildEvents, { digest, what, received }: Watched): () => void {
  const started = new Date();
  const about = { id: `transferring ${what}:`, name: 'transferring', total: 0, started };
  const timer = setInterval(() => events.status(digest, { ...about, current: received() }), TICK_MS);
  return () => {
    clearInterval(timer);
    events.status(digest, { ...about, current: received(), completed: new Date() });
  };
}
