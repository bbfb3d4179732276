/** What a client saw, as JSON lines: one for each step, `{ step, result }` or `{ step, error }`. */
export async function step(name, work) {
  let line;
  try {
    line = { step: name, result: await work() };
  } catch (error) {
    line = { step: name, error: { status: error.statusCode, message: error.json?.message ?? error.message } };
  }
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

/** All that a stream gives until it ends. */
export async function read(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}
