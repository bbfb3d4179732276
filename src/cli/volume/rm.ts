import type { Command } from '../command.ts';
import { StatusError } from '../status-error.ts';

/** Removes volumes. */
export const command: Command = {
  usage: '[OPTIONS] VOLUME [VOLUME...]',
  operands: { least: 1, most: Number.POSITIVE_INFINITY },
  flags: [{ name: 'force', short: 'f', kind: 'bool', usage: 'Force the removal of one or more volumes' }],
  run: async (session, { flags, operands }) => {
    const failures: string[] = [];
    for (const name of operands) {
      await session.client.volumes.remove(name, { force: flags.bool('force') }).then(
        () => session.out(`${name}\n`),
        (error: Error) => failures.push(error.message),
      );
    }
    if (failures.length > 0) throw new StatusError(failures.join('\n'), 1);
    return 0;
  },
};
