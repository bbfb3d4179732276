import type { Command } from '../command.ts';
import { pullName } from '../options/reference.ts';
import { showProgress } from '../output/progress.ts';
import { registryAuth } from '../registry/credentials.ts';

/** Pulls an image or all images of a repository. */
export const command: Command = {
  usage: '[OPTIONS] NAME[:TAG|@DIGEST]',
  operands: { least: 1, most: 1 },
  flags: [
    { name: 'all-tags', short: 'a', kind: 'bool', usage: 'Download all tagged images in the repository' },
    { name: 'disable-content-trust', kind: 'bool', usage: 'Skip image verification', shown: 'true', initial: true },
    { name: 'platform', kind: 'string', usage: 'Set platform if server is multi-platform capable' },
    { name: 'quiet', short: 'q', kind: 'bool', usage: 'Suppress verbose output' },
  ],
  run: async (session, { flags, operands: [text = ''] }) => {
    const { name, tag, full } = pullName(text);
    const [all, quiet] = [flags.bool('all-tags'), flags.bool('quiet')];
    if (all && tag !== undefined) throw new Error("tag can't be used with --all-tags/-a");
    if (!all && tag === undefined && !quiet) session.out('Using default tag: latest\n');
    const query = { fromImage: name, tag: all ? undefined : (tag ?? 'latest'), platform: flags.text('platform') };
    const body = await session.client.images.pull(query, registryAuth(session, name));
    await showProgress(body, quiet ? undefined : { write: (line) => session.out(line), fd: 1 });
    session.out(`${full}${!all && tag === undefined ? ':latest' : ''}\n`);
    return 0;
  },
};
