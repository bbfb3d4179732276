import { pipeline } from 'node:stream/promises';
import type { Command } from '../command.ts';

/** Joins our standard input and output to a bare connection to the daemon: the far end of `ssh://` addresses. */
export const command: Command = {
  usage: '',
  operands: { least: 0, most: 0 },
  flags: [],
  run: async (session) => {
    const socket = await session.client.transport.dial();
    // The other side may go first; what it has sent until then still goes out.
    const up = pipeline(process.stdin, socket).catch(() => undefined);
    await pipeline(socket, process.stdout, { end: false });
    process.stdin.unref?.();
    socket.destroy();
    await Promise.race([up, Promise.resolve()]);
    return 0;
  },
};
