import type { ObjectKind } from '#client';
import { DaemonError } from '#client';
import { goQuote } from '#template/quote';
import type { Command } from '../command.ts';
import { objectFormat } from '../flags/format-flag.ts';
import type { Session } from '../session.ts';
import type { Inspected } from './inspect-objects.ts';
import { inspectAll } from './inspect-objects.ts';

// In the order in which a name without a type is looked for.
const kinds = [
  'container',
  'image',
  'network',
  'volume',
  'service',
  'task',
  'node',
  'plugin',
  'secret',
  'config',
] as const;
type Kind = (typeof kinds)[number];

/** Prints everything known about objects of any kind. */
export const command: Command = {
  usage: '[OPTIONS] NAME|ID [NAME|ID...]',
  operands: { least: 1, most: Number.POSITIVE_INFINITY },
  flags: [
    { ...objectFormat, short: 'f' },
    { name: 'size', short: 's', kind: 'bool', usage: 'Display total file sizes if the type is container' },
    { name: 'type', kind: 'string', usage: 'Only inspect objects of the given type' },
  ],
  run: (session, { flags, operands }) => {
    const type = flags.text('type');
    if (flags.changed('type') && type === '')
      throw new Error(
        'type is empty: must be one of "config", "container", "image", "network", "node", "plugin", "secret", "service", "task", "volume"',
      );
    if (type !== '' && !kinds.includes(type as Kind)) {
      const known = [...kinds].sort().map((kind) => goQuote(kind));
      throw new Error(`unknown type: ${goQuote(type)}: must be one of ${known.join(', ')}`);
    }
    const size = flags.bool('size');
    return inspectAll(session, operands, flags.text('format'), (name) =>
      type === '' ? search(session, name, size) : get(session, type as Kind, name, size),
    );
  },
};

async function search(session: Session, name: string, size: boolean): Promise<Inspected> {
  for (const kind of kinds) {
    try {
      return await get(session, kind, name, size);
    } catch (error) {
      if (!(error instanceof DaemonError) || !isAbsent(error)) throw error;
    }
  }
  throw new Error(`Error: No such object: ${name}`);
}

// A daemon that is no swarm manager, or that has no such kind of object at all, doesn't have the object either.
function isAbsent({ status, reason }: DaemonError): boolean {
  return (
    status === 404 ||
    status === 501 ||
    status === 503 ||
    /not a swarm manager|not supported|invalid reference format/.test(reason)
  );
}

async function get(session: Session, kind: Kind, name: string, size: boolean): Promise<Inspected> {
  const { client } = session;
  if (kind === 'container') return { type: kind, text: await client.containers.inspectText(name, size) };
  if (kind === 'image') return { type: kind, text: await client.images.inspectText(name) };
  return { text: await client.objects.inspectText(kind satisfies ObjectKind, name) };
}
