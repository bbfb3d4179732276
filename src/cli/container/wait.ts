import type { Command } from '../command.ts';
import { StatusError } from '../status-error.ts';

/** Waits until containers have stopped and prints their exit codes. */
export const command: Command = {
  usage: 'CONTAINER [CONTAINER...]',
  operands: { least: 1, most: Number.POSITIVE_INFINITY },
  flags: [],
  run: async (session, { operands }) => {
    const failures: string[] = [];
    for (const name of operands) {
      try {
        const { exit } = await session.client.containers.wait(name);
        session.out(`${(await exit).StatusCode}\n`);
      } catch (error) {
        failures.push((error as Error).message);
      }
    }
    if (failures.length > 0) throw new StatusError(failures.join('\n'), 1);
    return 0;
  },
};
