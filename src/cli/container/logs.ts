import type { Command } from '../command.ts';
import { apiTimestamp } from '../format/time.ts';
import { Demultiplexer } from '../output/demux.ts';
import { Outputs } from '../output/outputs.ts';

/** Prints a container's log, each stream to its own. */
export const command: Command = {
  usage: '[OPTIONS] CONTAINER',
  operands: { least: 1, most: 1 },
  flags: [
    { name: 'details', kind: 'bool', usage: 'Show extra details provided to logs' },
    { name: 'follow', short: 'f', kind: 'bool', usage: 'Follow log output' },
    {
      name: 'since',
      kind: 'string',
      usage: 'Show logs since timestamp (e.g. "2013-01-02T13:23:37Z") or relative (e.g. "42m" for 42 minutes)',
    },
    {
      name: 'tail',
      short: 'n',
      kind: 'string',
      usage: 'Number of lines to show from the end of the logs',
      shown: '"all"',
      initial: 'all',
    },
    { name: 'timestamps', short: 't', kind: 'bool', usage: 'Show timestamps' },
    {
      name: 'until',
      kind: 'string',
      usage: 'Show logs before a timestamp (e.g. "2013-01-02T13:23:37Z") or relative (e.g. "42m" for 42 minutes)',
    },
  ],
  run: async (session, { flags, operands: [name = ''] }) => {
    const { containers } = session.client;
    const container = await containers.inspect(name);
    const body = await containers.logs(container.Id, {
      stdout: true,
      stderr: true,
      follow: flags.bool('follow'),
      timestamps: flags.bool('timestamps'),
      details: flags.bool('details'),
      since: timestamp('since', flags.text('since')),
      until: timestamp('until', flags.text('until')),
      tail: flags.text('tail'),
    });
    const outputs = new Outputs();
    outputs.onRoom(() => body.resume());
    let room = true;
    const write = (fd: 1 | 2, pieces: Uint8Array[]) => {
      room = outputs.write(fd, pieces);
    };
    const demultiplexer = new Demultiplexer(write);
    await body.pump((piece) => {
      room = true;
      if (container.Config.Tty) write(1, [piece]);
      else demultiplexer.push(piece);
      return room;
    });
    await outputs.flush();
    return 0;
  },
};

function timestamp(flag: string, value: string): string {
  if (value === '') return '';
  try {
    return apiTimestamp(value, Date.now());
  } catch (error) {
    throw new Error(`invalid value for "${flag}": ${(error as Error).message}`);
  }
}
