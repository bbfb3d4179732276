import type { Command, CommandInput } from '../command.ts';

/** The flags that `stop` and `restart` share. */
export const stopFlags: Command['flags'] = [
  { name: 'signal', short: 's', kind: 'string', usage: 'Signal to send to the container' },
  { name: 'timeout', short: 't', kind: 'int', usage: 'Seconds to wait before killing the container' },
  {
    name: 'time',
    kind: 'int',
    usage: 'Seconds to wait before killing the container',
    hidden: true,
    deprecated: 'use --timeout instead',
  },
];

/** What they ask of the daemon. */
export function stopRequest({ flags }: Pick<CommandInput, 'flags'>): { signal: string; t?: number } {
  if (flags.changed('time') && flags.changed('timeout')) {
    throw new Error('conflicting options: cannot specify both --timeout and --time');
  }
  const given = (['timeout', 'time'] as const).find((name) => flags.changed(name));
  return { signal: flags.text('signal'), ...(given && { t: flags.number(given) }) };
}
