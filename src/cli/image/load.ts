import type { Command } from '../command.ts';
import { openInput } from '../options/open-input.ts';
import { platformJson } from '../options/platform.ts';
import { showProgress } from '../output/progress.ts';
import { stdinIsTerminal, stdoutIsTerminal } from '../output/terminal.ts';

/** Loads images from an archive. */
export const command: Command = {
  usage: '[OPTIONS]',
  operands: { least: 0, most: 0 },
  flags: [
    { name: 'input', short: 'i', kind: 'string', usage: 'Read from tar archive file, instead of STDIN' },
    {
      name: 'platform',
      kind: 'string',
      usage: 'Load only the given platform variant. Formatted as "os[/arch[/variant]]" (e.g., "linux/amd64")',
    },
    { name: 'quiet', short: 'q', kind: 'bool', usage: 'Suppress the load output' },
  ],
  run: async (session, { flags }) => {
    const path = flags.text('input');
    if (path === '' && stdinIsTerminal()) throw new Error('requested load from stdin, but stdin is empty');
    const platform = platformJson(flags.text('platform'));
    const quiet = flags.bool('quiet') || !stdoutIsTerminal();
    const { body, headers } = await session.client.images.load(openInput(path), { quiet, platform });
    const output = { write: (text: string) => session.out(text), fd: 1 };
    if (headers['content-type'] === 'application/json') await showProgress(body, output);
    else session.out(await body.bytes());
    return 0;
  },
};
