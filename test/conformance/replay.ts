import type { Answer, Call, Case } from './call.ts';
import { send } from './call.ts';
import { normalise, without } from './normalise.ts';

/** What is remembered of one answer. */
export interface Fact {
  readonly call: string;
  readonly status: number;
  readonly type: string | undefined;
  readonly body: unknown;
}

/** Sends the calls of a case one after another and returns a fact for each; removes the case's containers afterwards. */
export async function replay(socket: string, { calls, removes = [] }: Case): Promise<Fact[]> {
  const kept = new Map<string, string>();
  const facts: Fact[] = [];
  try {
    for (const call of calls) {
      const answer = await sendUntil(socket, call, kept);
      keep(call, answer, kept);
      facts.push(toFact(call, answer, kept));
    }
  } finally {
    for (const name of removes) {
      await send(socket, { method: 'DELETE', path: `/containers/${name}?force=1&v=1` }, kept);
    }
  }
  return facts;
}

async function sendUntil(socket: string, call: Call, kept: ReadonlyMap<string, string>): Promise<Answer> {
  const last = Date.now() + 10_000;
  for (;;) {
    const answer = await send(socket, call, kept);
    if (!call.until || call.until(answer) || Date.now() > last) return answer;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function keep(call: Call, { body }: Answer, kept: Map<string, string>): void {
  for (const [name, field] of Object.entries(call.keep ?? {})) {
    const value = (body as Record<string, unknown> | null)?.[field];
    if (typeof value === 'string') kept.set(name, value);
  }
}

function toFact(call: Call, { status, type, body }: Answer, kept: ReadonlyMap<string, string>): Fact {
  let shown = normalise(body, kept);
  for (const path of Object.keys(call.differs ?? {})) shown = without(shown, path);
  const title = `${call.method} ${call.path}`;
  return { call: title, status, type, body: call.bodyDiffers ? null : shown };
}
