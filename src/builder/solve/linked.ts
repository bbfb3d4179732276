import type { OtherResult } from '#build';
import type { Definition } from '#buildkit';
import { Op } from '#buildkit';
import { invalid, notFound, notImplemented } from '#errdefs';
import { digestOf } from '#oci';
import type { Message } from '#protobuf';
import { decode, encode } from '#protobuf';
import type { FrontendRequest } from './job.ts';
import type { Jobs } from './jobs.ts';

export const NO_GRAPHS = 'building a graph of BuildKit (LLB) is not supported yet: build a Dockerfile';

/** Names the result of a build in a graph that clients hand on: no source that BuildKit knows. */
const SCHEME = 'gantry-build://';
/** How long a build waits for another one that it begins with, once its client has named it. */
const PATIENCE_MS = 3_600_000;

/** A graph that stands for what a build makes: clients give it to other builds as what they begin with. */
export function definitionOf(ref: string): Message<typeof Definition> {
  const source = encode(Op, { source: { identifier: `${SCHEME}${ref}` } });
  const last = encode(Op, { inputs: [{ digest: digestOf(source) }] });
  // Clients take a graph without notes for none.
  const metadata = new Map([source, last].map((op) => [digestOf(op) as string, {}]));
  return { def: [source, last], metadata };
}

/** The results of other builds that a build begins with, when they have ended, by the names it has for them. */
export async function linkedResults(
  jobs: Jobs,
  { inputs = new Map() }: FrontendRequest,
  signal: AbortSignal,
): Promise<Map<string, OtherResult>> {
  const found = new Map<string, OtherResult>();
  for (const [name, definition] of inputs) found.set(name, await resultOf(jobs, { name, definition }, signal));
  return found;
}

async function resultOf(
  jobs: Jobs,
  { name, definition }: { name: string; definition: Message<typeof Definition> },
  signal: AbortSignal,
): Promise<OtherResult> {
  const ref = refIn(definition);
  if (ref === undefined) throw notImplemented(NO_GRAPHS);
  const job = jobs.find(ref);
  if (!job) throw notFound(`the build that ${name.slice(0, 100)} stands for is no longer known`);
  const until = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]);
  const left = Promise.withResolvers<never>();
  const leave = () => left.reject(until.reason);
  until.addEventListener('abort', leave, { once: true });
  try {
    const result = await Promise.race([job.outcome.promise, left.promise]);
    if (!result) throw invalid(`the build that ${name.slice(0, 100)} stands for made nothing`);
    return result;
  } finally {
    until.removeEventListener('abort', leave);
  }
}

function refIn({ def }: Message<typeof Definition>): string | undefined {
  for (const bytes of def.slice(0, 10)) {
    const identifier = decode(Op, bytes).source?.identifier;
    if (identifier?.startsWith(SCHEME)) return identifier.slice(SCHEME.length);
  }
  return undefined;
}
