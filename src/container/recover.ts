import type { ExitRecord, Observed, Started } from './deps.ts';
import type { Container } from './record.ts';
import { hasProcess } from './record.ts';
import { startsAtBoot } from './restart-policy.ts';

/** Docker: the exit code of a container that was found dead. */
export const FOUND_DEAD = 255;

/** What is to be done about a container. Each is an ordinary verb, or the part of one that was not reached. */
export type Action =
  | { readonly do: 'undo-create' }
  | { readonly do: 'undo-start' }
  | { readonly do: 'adopt'; readonly process: Started; readonly startedAt: string | undefined }
  | { readonly do: 'record-exit'; readonly exit: ExitRecord | undefined }
  | { readonly do: 'finish-stop' }
  | { readonly do: 'finish-restart' }
  | { readonly do: 'finish-remove'; readonly volumes: boolean }
  | { readonly do: 'schedule-restart' }
  | { readonly do: 'finish-commit' }
  | { readonly do: 'finish-update' }
  | { readonly do: 'start' }
  | { readonly do: 'watch' }
  | { readonly do: 'end-operation' }
  | { readonly do: 'discard' };

/** What the machine shows of one container. */
export interface Seen {
  readonly bootId: string;
  /** Of the monitor; undefined: there is none. */
  readonly monitor: Observed | undefined;
  /** The recorded process lives, judged by pid, start time and boot. */
  readonly processAlive: boolean;
  /** The daemon has just started: nothing of what this process keeps in memory is there. */
  readonly isFirst: boolean;
}

/** From what the record says and what the machine shows, what is to be done, in order. Pure. */
export function plan(container: Container, seen: Seen): Action[] {
  const verb = container.operation?.verb;
  if (verb === 'create') return [{ do: 'undo-create' }];
  if (verb === 'remove' || container.status === 'removing' || container.status === 'dead') return [removal(container)];
  if (verb === 'start' || (verb === 'restart' && !hasProcess(container))) return halfStarted(container, seen);
  if (hasProcess(container)) return [...alive(container, seen), ...halfUpdated(container, seen)];
  const ended: Action[] = verb ? [{ do: 'end-operation' }] : [];
  return [...leftovers(seen), ...ended, ...halfUpdated(container, seen), ...idle(container, seen)];
}

/** Some of the limits may be in force already: forward is the only way that is known. */
function halfUpdated({ spec }: Container, { isFirst }: Seen): Action[] {
  return isFirst && spec.updating ? [{ do: 'finish-update' }] : [];
}

function removal({ operation }: Container): Action {
  return { do: 'finish-remove', volumes: operation?.detail.volumes === true };
}

/** A start under way: if the process came to be, the client may have been told so. */
function halfStarted(container: Container, { monitor }: Seen): Action[] {
  // What is left of the life before: its end is on record already.
  const isOld = monitor?.exit !== undefined && monitor.exit.finishedAt === container.finishedAt;
  if (monitor?.started && !isOld) {
    const adopted: Action[] = [{ do: 'adopt', process: monitor.started, startedAt: monitor.startedAt }];
    if (monitor.exit) return [...adopted, { do: 'record-exit', exit: monitor.exit }];
    return monitor.monitorAlive ? [...adopted, { do: 'watch' }] : [...adopted, { do: 'record-exit', exit: undefined }];
  }
  return container.operation?.verb === 'restart' ? [{ do: 'undo-start' }, { do: 'start' }] : [{ do: 'undo-start' }];
}

function alive(container: Container, { monitor, processAlive, isFirst }: Seen): Action[] {
  const verb = container.operation?.verb;
  // Between the two halves of a restart the user was not told anything yet: it goes on.
  const then: Action[] = verb === 'restart' ? [{ do: 'start' }] : [];
  if (monitor?.exit && isSameLife(container, monitor)) return [{ do: 'record-exit', exit: monitor.exit }, ...then];
  if (!processAlive) return [{ do: 'record-exit', exit: undefined }, ...then];
  if (verb === 'stop') return [{ do: 'finish-stop' }];
  if (verb === 'restart') return [{ do: 'finish-restart' }];
  // One under way in this process has its lock: its daemon is another one, or its end failed.
  if (verb === 'commit') return [{ do: 'finish-commit' }, { do: 'watch' }];
  return isFirst ? [{ do: 'watch' }] : [];
}

function isSameLife({ phase }: Container, { started }: Observed): boolean {
  return !started || !('process' in phase) || started.pid === phase.process.pid;
}

/** A monitor without a life: an idle sandbox of the daemon before, or what a crash left. */
function leftovers({ monitor, isFirst }: Seen): Action[] {
  return monitor && isFirst ? [{ do: 'discard' }] : [];
}

function idle(container: Container, { isFirst }: Seen): Action[] {
  const { AutoRemove, RestartPolicy } = container.spec.hostConfig;
  const wasStarted = container.status === 'exited' || container.error !== '';
  if (AutoRemove && wasStarted) return [{ do: 'finish-remove', volumes: true }];
  if (!isFirst) return [];
  if (container.status === 'restarting') return [{ do: 'schedule-restart' }];
  if (container.status === 'exited' && startsAtBoot(RestartPolicy, container)) return [{ do: 'start' }];
  return [];
}
