import type { Command } from '../command.ts';
import type { ScriptOf } from './scripts.ts';
import { completionTree, withoutAbout } from './tree.ts';

/** The command that prints a shell's completion script, as `render` makes it for a program of that name. */
export function printScript(render: ScriptOf): Command {
  return {
    usage: '',
    operands: { least: 0, most: 0 },
    flags: [{ name: 'no-descriptions', kind: 'bool', usage: 'disable completion descriptions' }],
    run: async (session, { flags }) => {
      const places = await completionTree(session.configDir);
      session.out(render(session.program, flags.bool('no-descriptions') ? places.map(withoutAbout) : places));
      return 0;
    },
  };
}
