import { conflict, EngineError, notModified } from '#errdefs';

/** Docker's seven statuses. "Starting" and "stopping" are none of them: they are rows of `operations`. */
export type Status = 'created' | 'running' | 'paused' | 'restarting' | 'removing' | 'exited' | 'dead';

/**
 * What can happen to a container. `fail`: a start that did not come about. `back-off`: an exit that the restart policy
 * answers. `await`: a start that waits for another container. `replace`: a successor takes its place. `probe`: a health
 * check reports. `unremovable`: a removal that could not finish.
 */
export type Transition =
  | 'start'
  | 'fail'
  | 'exit'
  | 'back-off'
  | 'pause'
  | 'unpause'
  | 'signal'
  | 'stop'
  | 'probe'
  | 'await'
  | 'replace'
  | 'remove'
  | 'unremovable';

/** The only judge of legality: a missing entry is an illegal transition. */
const lifecycle = {
  created: { start: 'running', fail: 'created', await: 'created', replace: 'created', remove: 'removing' },
  running: {
    exit: 'exited',
    'back-off': 'restarting',
    pause: 'paused',
    signal: 'running',
    stop: 'exited',
    probe: 'running',
    replace: 'running',
  },
  paused: {
    exit: 'exited',
    'back-off': 'restarting',
    unpause: 'running',
    signal: 'paused',
    stop: 'exited',
    replace: 'paused',
  },
  restarting: {
    start: 'running',
    fail: 'exited',
    exit: 'exited',
    stop: 'exited',
    signal: 'exited',
    replace: 'restarting',
  },
  exited: { start: 'running', fail: 'exited', await: 'exited', replace: 'exited', remove: 'removing' },
  removing: { remove: 'removing', unremovable: 'dead' },
  dead: { remove: 'removing', unremovable: 'dead', replace: 'dead' },
} as const satisfies Record<Status, Partial<Record<Transition, Status>>>;

export const STATUSES = Object.keys(lifecycle) as Status[];

interface Subject {
  readonly id: string;
  readonly name: string;
  readonly status: Status;
}

/** Whether this may happen now. */
export function allows(status: Status, transition: Transition): boolean {
  return after(status, transition) !== undefined;
}

/** The status after it; an illegal one throws what Docker says then. */
export function next(subject: Subject, transition: Transition): Status {
  const status = after(subject.status, transition);
  if (status === undefined) throw refusal(subject, transition);
  return status;
}

/** The rows of the table: from, transition, to. */
export function transitions(): [Status, Transition, Status][] {
  return STATUSES.flatMap((from) =>
    Object.entries(lifecycle[from]).map(([event, to]): [Status, Transition, Status] => [from, event as Transition, to]),
  );
}

function after(status: Status, transition: Transition): Status | undefined {
  return (lifecycle[status] as Partial<Record<Transition, Status>>)[transition];
}

function refusal(subject: Subject, transition: Transition): EngineError {
  switch (transition) {
    case 'start':
      return refuseStart(subject.status);
    case 'pause':
      return refusePause(subject);
    case 'unpause':
      // Docker: the only refusal of a verb that is a 500.
      return new EngineError('internal', `Container ${subject.id} is not paused`);
    case 'remove':
      return refuseRemove(subject);
    case 'stop':
      return notModified('');
    default:
      return conflict(`container ${subject.id} is not running`);
  }
}

function refuseStart(status: Status): EngineError {
  if (status === 'running') return notModified('');
  if (status === 'paused') return conflict('cannot start a paused container, try unpause instead');
  return conflict('container is marked for removal and cannot be started');
}

function refusePause({ id, status }: Subject): EngineError {
  if (status === 'paused') return conflict(`Container ${id} is already paused`);
  if (status === 'restarting') return conflict(`Container ${id} is restarting, wait until the container is running`);
  return conflict(`container ${id} is not running`);
}

function refuseRemove({ name, status }: Subject): EngineError {
  const hint =
    status === 'paused'
      ? 'container is paused and must be unpaused first'
      : `container is ${status}: stop the container before removing or force remove`;
  return conflict(`cannot remove container "${name}": ${hint}`);
}

export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks since boot. */
  readonly startTime: number;
  readonly bootId: string;
}

/** What belongs to one status only. */
export type Phase =
  | { readonly status: 'running' | 'paused'; readonly process: ProcessIdentity }
  | { readonly status: 'created' | 'restarting' | 'removing' | 'exited' | 'dead' };
