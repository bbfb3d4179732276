import type { Command, CommandInput } from '../command.ts';
import { platformJson } from '../options/platform.ts';
import { pushTarget } from '../options/reference.ts';
import { showProgress } from '../output/progress.ts';
import { registryAuth } from '../registry/credentials.ts';
import type { Session } from '../session.ts';

/** Sends an image to a registry. */
export const command: Command = {
  usage: '[OPTIONS] NAME[:TAG]',
  operands: { least: 1, most: 1 },
  flags: [
    { name: 'all-tags', short: 'a', kind: 'bool', usage: 'Push all tags of an image to the repository' },
    { name: 'disable-content-trust', kind: 'bool', usage: 'Skip image signing', shown: 'true', initial: true },
    {
      name: 'platform',
      kind: 'string',
      usage:
        "Push a platform-specific manifest as a single-platform image to the registry.\nImage index won't be pushed, meaning that other manifests, including attestations won't be preserved.\n'os[/arch[/variant]]': Explicit platform (eg. linux/amd64)",
    },
    { name: 'quiet', short: 'q', kind: 'bool', usage: 'Suppress verbose output' },
  ],
  run,
};

const PLATFORM_NOTE =
  '\n Info -> Using --platform pushes only the specified platform manifest of a multi-platform image index.\n  Other components, like attestations, will not be included.\n  To push the complete multi-platform image, remove the --platform flag.\n\n';

async function run(session: Session, { flags, operands: [operand = ''] }: CommandInput): Promise<number> {
  const platform = platformJson(flags.text('platform'));
  const { name, tag: said } = pushTarget(operand);
  const all = flags.bool('all-tags');
  const quiet = flags.bool('quiet');
  if (all && said !== '') throw new Error("tag can't be used with --all-tags/-a");
  const tag = said || (all ? '' : 'latest');
  if (platform !== '' && !quiet) session.out(PLATFORM_NOTE);
  if (tag !== said && !quiet) session.out(`Using default tag: ${tag}\n`);
  const query = { ...(tag !== '' && { tag }), ...(platform !== '' && { platform }) };
  const body = await session.client.images.push(name, query, registryAuth(session, name));
  if (quiet) {
    await showProgress(body);
    session.out(`${name}${tag === '' ? '' : `:${tag}`}\n`);
  } else await showProgress(body, { write: (text) => session.out(text), fd: 1 });
  return 0;
}
