import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Command } from '../command.ts';
import { installation } from './installed-daemon.ts';
import { registryImage } from './registry-image.ts';

/** Makes an image that serves a registry, and loads it. */
export const command: Command = {
  usage: '[OPTIONS]',
  operands: { least: 0, most: 0 },
  flags: [
    { name: 'tag', short: 't', kind: 'string', initial: 'registry:2', usage: 'Name of the image' },
    { name: 'output', short: 'o', kind: 'string', usage: 'Write to a file, instead of loading' },
  ],
  run: async (session, { flags }) => {
    const archive = Readable.from(registryImage(installation(), flags.text('tag')));
    const path = flags.text('output');
    if (path !== '') {
      await pipeline(archive, createWriteStream(path));
      return 0;
    }
    const { body } = await session.client.images.load(archive, { quiet: true });
    await body.bytes();
    session.out(`${flags.text('tag')}\n`);
    return 0;
  },
};
