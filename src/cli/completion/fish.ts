import type { Command } from '../command.ts';
import { fish } from './scripts.ts';
import { completionTree, withoutAbout } from './tree.ts';

/** Prints the completion script for fish. */
export const command: Command = {
  usage: '',
  operands: { least: 0, most: 0 },
  flags: [{ name: 'no-descriptions', kind: 'bool', usage: 'disable completion descriptions' }],
  run: async (session, { flags }) => {
    const places = await completionTree(session.configDir);
    session.out(fish(session.program, flags.bool('no-descriptions') ? places.map(withoutAbout) : places));
    return 0;
  },
};
