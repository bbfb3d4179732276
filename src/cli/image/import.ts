import type { Command } from '../command.ts';
import { openInput } from '../options/open-input.ts';
import { parseTarget } from '../options/reference.ts';
import { showProgress } from '../output/progress.ts';

/** Makes an image of one layer from a tar archive. */
export const command: Command = {
  usage: '[OPTIONS] file|URL|- [REPOSITORY[:TAG]]',
  operands: { least: 1, most: Number.POSITIVE_INFINITY },
  flags: [
    { name: 'change', short: 'c', kind: 'list', usage: 'Apply Dockerfile instruction to the created image' },
    { name: 'message', short: 'm', kind: 'string', usage: 'Set commit message for imported image' },
    { name: 'platform', kind: 'string', usage: 'Set platform if server is multi-platform capable' },
  ],
  run: async (session, { flags, operands: [source = '', reference = ''] }) => {
    const isUrl = /^(https?|ftp):\/\//.test(source);
    if (reference !== '') parseTarget(reference);
    const query = {
      fromSrc: isUrl ? source : '-',
      repo: reference,
      message: flags.text('message'),
      changes: flags.list('change'),
      platform: flags.text('platform'),
    };
    const body = await session.client.images.import(query, isUrl ? undefined : openInput(source));
    await showProgress(body, { write: (text) => session.out(text), fd: 1 });
    return 0;
  },
};
