import type { Progress } from '#api';
import type { Exchange } from './exchange.ts';
import { failureOf } from './status.ts';

/** One JSON message a line. What fails before the first is told by the status, what fails later by the last message. */
export async function sendProgress(x: Exchange, messages: AsyncIterable<Progress>): Promise<void> {
  let hasBegun = false;
  try {
    for await (const message of messages) {
      if (!hasBegun) x.begin('application/json');
      hasBegun = true;
      if (!(await x.write(`${JSON.stringify(message)}\r\n`))) return;
    }
    if (!hasBegun) x.begin('application/json');
  } catch (error) {
    if (!hasBegun) throw error;
    const message = x.isAbandoned ? 'context canceled' : failureOf(error).message;
    await x.write(`${JSON.stringify({ errorDetail: { message }, error: message })}\r\n`);
  }
  x.response.end();
}
