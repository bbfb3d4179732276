/**
 * What users see happen (`docker events`). A verb records an event inside the transaction that makes it true; it is
 * published after the commit, in the order of the commits. Events tell, they never drive our own control flow.
 * Owns the table `events`: the last {@link KEPT_EVENTS}, replayed by `since`.
 */

export type { Actor, Subscription } from './events.ts';
export { Events, KEPT_EVENTS } from './events.ts';
export { matchesEvent } from './match.ts';
