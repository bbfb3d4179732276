import type { Command } from '../command.ts';
import { runInstalledDaemon } from './installed-daemon.ts';

/** Removes from the folder of a registry, which must not be served meanwhile, what no manifest refers to. */
export const command: Command = {
  usage: '[OPTIONS] [CONFIG.yml]',
  operands: { least: 0, most: 1 },
  flags: [{ name: 'root', kind: 'string', usage: 'Folder of the content (default "/var/lib/registry")' }],
  run: async (_session, { flags, operands }) => {
    const given = ['root'].filter((name) => flags.changed(name)).flatMap((name) => [`--${name}`, flags.text(name)]);
    return await runInstalledDaemon(['registry', 'garbage-collect', ...given, ...operands]);
  },
};
