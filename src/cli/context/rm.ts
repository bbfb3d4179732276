import type { Command } from '../command.ts';
import { StatusError } from '../status-error.ts';
import { contextExists, defaultContext, removeContext } from './store.ts';
import { setCurrent } from './use.ts';

/** Removes contexts; one that is in use only by force. */
export const command: Command = {
  usage: 'CONTEXT [CONTEXT...]',
  operands: { least: 1, most: Number.POSITIVE_INFINITY },
  flags: [{ name: 'force', short: 'f', kind: 'bool', usage: 'Force the removal of a context in use' }],
  run: async (session, { flags, operands }) => {
    const current = session.contextName;
    const failures: string[] = [];
    for (const name of operands) {
      const fault = faultOf(name, current, {
        force: flags.bool('force'),
        exists: contextExists(session.configDir, name),
      });
      if (fault) {
        failures.push(fault);
        continue;
      }
      if (name === current) setCurrent(session, undefined);
      removeContext(session.configDir, name);
      session.out(`${name}\n`);
    }
    if (failures.length > 0) throw new StatusError(failures.join('\n'), 1);
    return 0;
  },
};

function faultOf(name: string, current: string, { force, exists }: { force: boolean; exists: boolean }) {
  if (name === defaultContext) return `context "${name}" cannot be removed`;
  if (!force && !exists) return `context "${name}" does not exist`;
  return !force && name === current ? `context "${name}" is in use, set -f flag to force remove` : undefined;
}
