import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { send } from '../call.ts';
import type { CliCase, CliFact, Place } from './command.ts';
import { run } from './command.ts';

/** Runs the lines of a case one after another; what it made is removed before and afterwards. */
export async function replayCli(socket: string, cliCase: CliCase, place: Place): Promise<CliFact[]> {
  await cleanUp(socket, cliCase, place);
  for (const made of ['cid', 'context.tar']) rmSync(join(place.folder, made), { force: true });
  const begin = String(Date.now() / 1000);
  const facts: CliFact[] = [];
  try {
    for (const step of cliCase.steps) facts.push(await run(step, begin, place));
    return facts;
  } finally {
    await cleanUp(socket, cliCase, place);
  }
}

async function cleanUp(
  socket: string,
  { removes = [], deletes = [] }: CliCase,
  { registry = '' }: Place,
): Promise<void> {
  const paths = [
    ...removes.map((name) => `/containers/${name}?force=1&v=1`),
    ...deletes.map((path) => path.replace('{registry}', registry)),
  ];
  for (const path of paths) await send(socket, { method: 'DELETE', path }, new Map());
}
