import { DaemonError } from '#client';
import type { Command } from '../command.ts';
import { each } from './each.ts';

/** Removes containers. */
export const command: Command = {
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  operands: { least: 1, most: Number.POSITIVE_INFINITY },
  flags: [
    { name: 'force', short: 'f', kind: 'bool', usage: 'Force the removal of a running container (uses SIGKILL)' },
    { name: 'link', short: 'l', kind: 'bool', usage: 'Remove the specified link' },
    { name: 'volumes', short: 'v', kind: 'bool', usage: 'Remove anonymous volumes associated with the container' },
  ],
  run: (session, { flags, operands }) => {
    const query = { v: flags.bool('volumes'), link: flags.bool('link'), force: flags.bool('force') };
    return each(session, operands, async (given) => {
      const name = given.replace(/^\/+|\/+$/g, '');
      if (name === '') throw new Error('container name cannot be empty');
      try {
        await session.client.containers.remove(name, query);
        return given;
      } catch (error) {
        // Docker: what is not there needs no force, and is no failure with it.
        if (!query.force || !(error instanceof DaemonError) || error.status !== 404) throw error;
        session.err(`${error.message}\n`);
        return undefined;
      }
    });
  },
};
