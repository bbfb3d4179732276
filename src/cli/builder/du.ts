import { milliseconds } from '#buildkit';
import type { Command } from '../command.ts';
import { humanSize } from '../format/size.ts';

/** Shows what building keeps. */
export const command: Command = {
  usage: '[OPTIONS]',
  operands: { least: 0, most: 0 },
  flags: [
    { name: 'filter', kind: 'list', usage: 'Provide filter values (e.g. "type==regular")' },
    { name: 'verbose', kind: 'bool', usage: 'Provide a more verbose output' },
  ],
  run: async (session, { flags }) => {
    const records = await session.client.builds.diskUsage(flags.list('filter'));
    const shown = [...records].sort((a, b) => a.size - b.size);
    const verbose = flags.bool('verbose');
    const rows = shown.map(({ id, inUse, size, shared, mutable, lastUsedAt, recordType, description }) => [
      `${id}${mutable ? '*' : ''}`,
      String(!inUse),
      `${humanSize(size)}${shared ? '*' : ''}`,
      lastUsedAt ? new Date(milliseconds(lastUsedAt) ?? 0).toISOString() : '',
      ...(verbose ? [recordType, description] : []),
    ]);
    const head = ['ID', 'RECLAIMABLE', 'SIZE', 'LAST ACCESSED', ...(verbose ? ['TYPE', 'DESCRIPTION'] : [])];
    const widths = head.map((_, i) => Math.max(...[head, ...rows].map((row) => row[i]!.length)) + 3);
    for (const row of [head, ...rows])
      session.out(
        `${row
          .map((cell, i) => cell.padEnd(widths[i]!))
          .join('')
          .trimEnd()}\n`,
      );
    const sum = (of: typeof records) => humanSize(of.reduce((total, { size }) => total + size, 0));
    session.out(
      `Reclaimable:\t${sum(records.filter(({ inUse, shared }) => !inUse && !shared))}\nTotal:\t\t${sum(records)}\n`,
    );
    return 0;
  },
};
