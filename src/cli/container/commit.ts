import type { Command } from '../command.ts';
import { commitTarget } from '../options/reference.ts';

/** Makes an image of a container. */
export const command: Command = {
  usage: '[OPTIONS] CONTAINER [REPOSITORY[:TAG]]',
  operands: { least: 1, most: 2 },
  flags: [
    {
      name: 'author',
      short: 'a',
      kind: 'string',
      usage: 'Author (e.g., "John Hannibal Smith <hannibal@a-team.com>")',
    },
    { name: 'change', short: 'c', kind: 'list', usage: 'Apply Dockerfile instruction to the created image' },
    { name: 'message', short: 'm', kind: 'string', usage: 'Commit message' },
    { name: 'pause', short: 'p', kind: 'bool', usage: 'Pause container during commit', initial: true, shown: 'true' },
  ],
  run: async (session, { flags, operands: [container = '', reference = ''] }) => {
    const target = reference === '' ? { repo: '', tag: '' } : commitTarget(reference);
    const id = await session.client.files.commit({
      container,
      ...target,
      comment: flags.text('message'),
      author: flags.text('author'),
      changes: flags.list('change'),
      pause: flags.bool('pause') ? undefined : '0',
    });
    session.out(`${id}\n`);
    return 0;
  },
};
