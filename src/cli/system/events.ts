import type { EventMessage } from '#api';
import type { Command } from '../command.ts';
import { encodeFilters } from '../flags/encode-filters.ts';
import { objectFormat } from '../flags/format-flag.ts';
import { apiTimestamp, rfc3339 } from '../format/time.ts';
import type { Session } from '../session.ts';
import { StatusError } from '../status-error.ts';

/** Prints what happens in the daemon as it happens. */
export const command: Command = {
  usage: '[OPTIONS]',
  operands: { least: 0, most: 0 },
  flags: [
    { name: 'filter', short: 'f', kind: 'filter', usage: 'Filter output based on conditions provided' },
    objectFormat,
    { name: 'since', kind: 'string', usage: 'Show all events created since timestamp' },
    { name: 'until', kind: 'string', usage: 'Stream events until this timestamp' },
  ],
  run: async (session, { flags }) => {
    const show = await renderer(flags.text('format'));
    const now = Date.now();
    const since = timestamp(flags.text('since'), now);
    const until = timestamp(flags.text('until'), now);
    const body = await session.client.system.events({ since, until, filters: encodeFilters(flags.filters()) });
    for await (const line of body.lines()) if (line.trim() !== '') print(session, show, line);
    return 0;
  },
};

function print(session: Session, show: (line: string) => string, line: string): void {
  session.out(`${show(line)}\n`);
}

function timestamp(value: string, now: number): string {
  return value === '' ? '' : apiTimestamp(value, now);
}

/** How one event, as a line of JSON, is printed. */
export async function renderer(format: string): Promise<(line: string) => string> {
  if (format === '') return plainEvent;
  const { compile } = await import('#template');
  const source = format === 'json' ? '{{json .}}' : format;
  const wrap = (error: unknown) => new StatusError(`Error parsing format: ${(error as Error).message}`, 64);
  const { GoStruct } = await import('#template/value');
  let template: ReturnType<typeof compile>;
  try {
    template = compile(source);
  } catch (error) {
    throw wrap(error);
  }
  return (line) => {
    try {
      return template.run(eventStruct(line, GoStruct));
    } catch (error) {
      throw wrap(error);
    }
  };
}

function eventStruct(line: string, Struct: typeof import('#template/value').GoStruct) {
  const event = parse(line);
  const { Actor: actor } = event;
  const fields = {
    Status: event.status ?? '',
    ID: event.id ?? '',
    From: event.from ?? '',
    Type: event.Type,
    Action: event.Action,
    Actor: new Struct('events.Actor', { ID: actor.ID, Attributes: { ...actor.Attributes } }, actor),
    Scope: event.scope,
    Time: event.time,
    TimeNano: event.timeNano,
  };
  return new Struct('*events.Message', fields, event);
}

type ExactEvent = Omit<EventMessage, 'timeNano'> & { timeNano: bigint };

// A time in ns has more digits than a number holds.
function parse(line: string): ExactEvent {
  const nano = /"timeNano":\s*(\d+)/.exec(line)?.[1] ?? '0';
  return { ...(JSON.parse(line) as EventMessage), timeNano: BigInt(nano) };
}

/** One event as a line for people. */
export function plainEvent(line: string): string {
  const { Actor: actor, timeNano, time, Type: type, Action: action } = parse(line);
  const stamp =
    timeNano > 0n ? rfc3339(Number(timeNano / 1_000_000_000n), Number(timeNano % 1_000_000_000n)) : rfc3339(time, 0);
  const attributes = Object.keys(actor.Attributes ?? {}).sort();
  const shown = attributes.map((name) => `${name}=${actor.Attributes[name]}`).join(', ');
  return `${stamp} ${type} ${action} ${actor.ID}${shown ? ` (${shown})` : ''}`;
}
