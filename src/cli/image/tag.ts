import type { Command } from '../command.ts';
import { parseTarget } from '../options/reference.ts';

/** Gives an image a further name. */
export const command: Command = {
  usage: 'SOURCE_IMAGE[:TAG] TARGET_IMAGE[:TAG]',
  operands: { least: 2, most: 2 },
  flags: [],
  run: async (session, { operands: [source = '', target = ''] }) => {
    const { name, tag } = parseTarget(target);
    await session.client.images.tag(source, { repo: name, tag });
    return 0;
  },
};
