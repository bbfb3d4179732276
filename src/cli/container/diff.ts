import type { Command } from '../command.ts';

const LETTERS = ['C', 'A', 'D'];

/** Shows what a container changed of its image. */
export const command: Command = {
  usage: 'CONTAINER',
  operands: { least: 1, most: 1 },
  flags: [],
  run: async (session, { operands: [name = ''] }) => {
    if (name === '') throw new Error('Container name cannot be empty');
    const changes = await session.client.files.changes(name);
    session.out(changes.map(({ Kind, Path }) => `${LETTERS[Kind]} ${Path}\n`).join(''));
    return 0;
  },
};
