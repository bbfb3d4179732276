import type { Command } from '../command.ts';
import { each } from './each.ts';
import { stopFlags, stopRequest } from './stop-request.ts';

/** Stops containers: their stop signal, then after the timeout SIGKILL. */
export const command: Command = {
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  operands: { least: 1, most: Number.POSITIVE_INFINITY },
  flags: stopFlags,
  run: (session, input) => {
    const request = stopRequest(input);
    return each(session, input.operands, async (name) => {
      await session.client.containers.stop(name, request);
      return name;
    });
  },
};
