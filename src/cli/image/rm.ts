import type { Command } from '../command.ts';
import { platformJson } from '../options/platform.ts';
import { StatusError } from '../status-error.ts';

/** Removes names of images, and images that have none left. */
export const command: Command = {
  usage: '[OPTIONS] IMAGE [IMAGE...]',
  operands: { least: 1, most: Number.POSITIVE_INFINITY },
  flags: [
    { name: 'force', short: 'f', kind: 'bool', usage: 'Force removal of the image' },
    { name: 'no-prune', kind: 'bool', usage: 'Do not delete untagged parents' },
    {
      name: 'platform',
      kind: 'strings',
      usage: 'Remove only the given platform variant. Formatted as "os[/arch[/variant]]" (e.g., "linux/amd64")',
    },
  ],
  run: async (session, { flags, operands }) => {
    const platforms = flags.list('platform').map(platformJson);
    const query = { force: flags.bool('force'), noprune: flags.bool('no-prune'), platforms };
    const failures: Error[] = [];
    for (const name of operands) {
      try {
        for (const item of await session.client.images.remove(name, query)) {
          session.out(
            'Deleted' in item && item.Deleted
              ? `Deleted: ${item.Deleted}\n`
              : `Untagged: ${(item as { Untagged: string }).Untagged}\n`,
          );
        }
      } catch (error) {
        failures.push(error as Error);
      }
    }
    if (failures.length === 0) return 0;
    const text = failures.map(({ message }) => message).join('\n');
    const absent = failures.every((error) => (error as { status?: number }).status === 404);
    if (!absent || !flags.bool('force')) throw new StatusError(text, 1);
    session.err(`${text}\n`);
    return 0;
  },
};
