import type { Command } from '../command.ts';
import { createContainer } from './create-container.ts';
import { createFlags } from './create-flags.ts';
import { createRequest } from './create-request.ts';
import { attempt } from './run-errors.ts';

/** Creates a container without starting it. */
export const command: Command = {
  usage: '[OPTIONS] IMAGE [COMMAND] [ARG...]',
  operands: { least: 1, most: Number.POSITIVE_INFINITY },
  stopsAtOperand: true,
  flags: [
    ...createFlags,
    {
      name: 'pull',
      kind: 'string',
      usage: 'Pull image before creating ("always", "|missing", "never")',
      shown: '"missing"',
      initial: 'missing',
    },
  ],
  run: async (session, { flags, operands, path }) => {
    const request = attempt(session.program, path, () => createRequest(flags, operands));
    session.out(`${await createContainer(session, flags, request)}\n`);
    return 0;
  },
};
