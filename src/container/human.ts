import { humanDuration } from '#api';
import { millisSince } from './clock.ts';
import type { Container } from './record.ts';

/** The status of a list entry: `Up 3 minutes (healthy)`, `Exited (137) 2 hours ago`. */
export function humanStatus(container: Container): string {
  const up = () => humanDuration(millisSince(container.startedAt) / 1000);
  const down = () => humanDuration(millisSince(container.finishedAt) / 1000);
  switch (container.status) {
    case 'running':
      return `Up ${up()}${healthWords(container)}`;
    case 'paused':
      return `Up ${up()} (Paused)`;
    case 'restarting':
      return `Restarting (${container.exitCode}) ${down()} ago`;
    case 'removing':
      return 'Removal In Progress';
    case 'dead':
      return 'Dead';
    case 'created':
      return 'Created';
    case 'exited':
      return container.finishedAt.startsWith('0001') ? '' : `Exited (${container.exitCode}) ${down()} ago`;
  }
}

function healthWords({ health }: Container): string {
  if (!health || health.Status === 'none') return '';
  return health.Status === 'starting' ? ' (health: starting)' : ` (${health.Status})`;
}
