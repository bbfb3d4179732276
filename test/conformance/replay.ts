import type { Answer, Call, Case } from './call.ts';
import { send } from './call.ts';
import { normalise, shapeOf, without } from './normalise.ts';

/** What is remembered of one answer. */
export interface Fact {
  readonly call: string;
  readonly status: number;
  readonly type: string | undefined;
  readonly body: unknown;
}

/** Sends the calls of a case one after another and returns a fact for each; removes the case's containers afterwards. */
export async function replay(socket: string, { calls, removes = [] }: Case): Promise<Fact[]> {
  const kept = new Map<string, string>([['begin', String(Date.now() / 1000)]]);
  const facts: Promise<Fact>[] = [];
  try {
    for (const call of calls) {
      if (call.isLong) {
        const { answer } = await begin(socket, call, kept);
        facts.push(answer.then((whole) => toFact(call, whole, kept)));
      } else {
        const answer = await sendUntil(socket, call, kept);
        keep(call, answer, kept);
        facts.push(Promise.resolve(toFact(call, answer, kept)));
      }
    }
    return await Promise.all(facts);
  } finally {
    for (const name of removes) {
      await send(socket, { method: 'DELETE', path: `/containers/${name}?force=1&v=1` }, kept);
    }
  }
}

/** Sends a call and waits for the head of its answer only. */
async function begin(
  socket: string,
  call: Call,
  kept: ReadonlyMap<string, string>,
): Promise<{ answer: Promise<Answer> }> {
  let answer!: Promise<Answer>;
  await new Promise<void>((resolve, reject) => {
    answer = send(socket, call, kept, resolve);
    answer.catch(reject);
  });
  return { answer };
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
  let shown = normalise(select(call, body, kept), kept);
  for (const path of Object.keys(call.differs ?? {})) shown = without(shown, path);
  if (call.shape) shown = shapeOf(shown);
  const title = `${call.method} ${call.path}`;
  return { call: title, status, type, body: call.bodyDiffers ? null : shown };
}

function select({ only, about, mentions }: Call, body: unknown, kept: ReadonlyMap<string, string>): unknown {
  if (about !== undefined) {
    const items = Array.isArray(body) ? body : [body];
    return items.filter((item) => JSON.stringify(item).includes(kept.get(about) ?? ''));
  }
  const pick = (value: unknown) =>
    mentions !== undefined && Array.isArray(value)
      ? value.filter((item) => JSON.stringify(item).includes(mentions))
      : value;
  if (only === undefined) return pick(body);
  return Object.fromEntries(only.map((key) => [key, pick((body as Record<string, unknown>)[key])]));
}
