import { millisSince } from './clock.ts';
import type { Container } from './record.ts';

const SECOND = 1000;
const HOUR = 3600;

/** A duration in words, as Docker's go-units has them: `Less than a second`, `About an hour`, `3 days`. */
export function humanDuration(ms: number): string {
  const seconds = Math.floor(ms / SECOND);
  if (seconds < 1) return 'Less than a second';
  if (seconds === 1) return '1 second';
  if (seconds < 60) return `${seconds} seconds`;
  const minutes = Math.floor(seconds / 60);
  if (minutes === 1) return 'About a minute';
  if (minutes < 60) return `${minutes} minutes`;
  const hours = Math.round(seconds / HOUR);
  if (hours === 1) return 'About an hour';
  if (hours < 48) return `${hours} hours`;
  if (hours < 24 * 7 * 2) return `${Math.floor(hours / 24)} days`;
  if (hours < 24 * 30 * 2) return `${Math.floor(hours / 24 / 7)} weeks`;
  if (hours < 24 * 365 * 2) return `${Math.floor(hours / 24 / 30)} months`;
  return `${Math.floor(seconds / HOUR / 24 / 365)} years`;
}

/** The status of a list entry: `Up 3 minutes (healthy)`, `Exited (137) 2 hours ago`. */
export function humanStatus(container: Container): string {
  const up = () => humanDuration(millisSince(container.startedAt));
  const down = () => humanDuration(millisSince(container.finishedAt));
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
