import { setTimeout as sleep } from 'node:timers/promises';
import type { Command, CommandInput } from '../command.ts';
import { tableFormat } from '../flags/format-flag.ts';
import { renderList } from '../format/list.ts';
import type { Session } from '../session.ts';
import { statsList } from './stats-list.ts';
import { StatsWatch } from './stats-watch.ts';

const REDRAW_MS = 500;
const HOME = '\x1b[H';
const CLEAR_LINE = '\x1b[K';
const CLEAR_BELOW = '\x1b[J';

/** Shows what containers use, again and again. */
export const command: Command = {
  usage: '[OPTIONS] [CONTAINER...]',
  operands: { least: 0, most: Number.POSITIVE_INFINITY },
  flags: [
    { name: 'all', short: 'a', kind: 'bool', usage: 'Show all containers (default shows just running)' },
    tableFormat,
    { name: 'no-stream', kind: 'bool', usage: 'Disable streaming stats and only pull the first result' },
    { name: 'no-trunc', kind: 'bool', usage: 'Do not truncate output' },
  ],
  run,
};

async function run(session: Session, { flags, operands }: CommandInput): Promise<number> {
  const streams = !flags.bool('no-stream');
  const format = flags.text('format') || session.config.statsFormat || '';
  const watch = new StatsWatch(session, { streams });
  for (const name of operands.length > 0 ? operands : await listed(session, flags.bool('all'))) watch.add(name);
  if (operands.length === 0 && streams) void watch.followEvents({ all: flags.bool('all') }).catch(() => undefined);
  const failures = await watch.settled();
  // What is asked for by name has to be there; of the others some may just have gone.
  if (operands.length > 0 && failures.length > 0) throw new Error(failures.join('\n'));
  const list = statsList({ trunc: !flags.bool('no-trunc') });
  if (!streams) {
    session.out(await renderList(list, watch.snapshot(), format));
    return 0;
  }
  while (operands.length === 0 || watch.size > 0) {
    session.out(overdrawn(await renderList(list, watch.snapshot(), format)));
    await sleep(REDRAW_MS);
  }
  return 0;
}

async function listed(session: Session, all: boolean): Promise<string[]> {
  const containers = await session.client.containers.list({ all });
  return containers.map(({ Id }) => Id.slice(0, 12));
}

/** The text over the one before, from the top of the screen. */
function overdrawn(text: string): string {
  const lines = text.split('\n').map((line) => `${line}${CLEAR_LINE}\n`);
  return `${HOME}${lines.join('')}${CLEAR_BELOW}`;
}
