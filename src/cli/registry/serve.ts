import type { Command } from '../command.ts';
import { runInstalledDaemon } from './installed-daemon.ts';

/** Serves a registry of images from a folder. */
export const command: Command = {
  usage: '[OPTIONS] [CONFIG.yml]',
  operands: { least: 0, most: 1 },
  flags: [
    { name: 'listen', kind: 'string', usage: 'Address and port (default ":5000")' },
    { name: 'proxy', kind: 'string', usage: 'URL of a registry to stand for: what is asked for is fetched and kept' },
    { name: 'root', kind: 'string', usage: 'Folder of the content (default "/var/lib/registry")' },
  ],
  run: async (_session, { flags, operands }) => {
    const given = ['listen', 'proxy', 'root']
      .filter((name) => flags.changed(name))
      .flatMap((name) => [`--${name}`, flags.text(name)]);
    return await runInstalledDaemon(['registry', 'serve', ...given, ...operands]);
  },
};
