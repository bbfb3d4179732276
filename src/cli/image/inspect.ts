import type { Command } from '../command.ts';
import { objectFormat } from '../flags/format-flag.ts';
import { platformJson } from '../options/platform.ts';
import { inspectAll } from '../system/inspect-objects.ts';

/** Prints everything known about images. */
export const command: Command = {
  usage: '[OPTIONS] IMAGE [IMAGE...]',
  operands: { least: 1, most: Number.POSITIVE_INFINITY },
  flags: [
    { ...objectFormat, short: 'f' },
    {
      name: 'platform',
      kind: 'string',
      usage: `Inspect a specific platform of the multi-platform image.
If the image or the server is not multi-platform capable, the command will error out if the platform does not match.
'os[/arch[/variant]]': Explicit platform (eg. linux/amd64)`,
    },
  ],
  run: (session, { flags, operands }) => {
    const platform = platformJson(flags.text('platform'));
    return inspectAll(session, operands, flags.text('format'), async (name) => ({
      type: 'image',
      text: await session.client.images.inspectText(name, { platform }),
    }));
  },
};
