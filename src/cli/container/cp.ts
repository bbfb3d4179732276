import type { PathStat } from '#api';
import type { Command, CommandInput } from '../command.ts';
import { extract } from '../copy/extract.ts';
import type { CopySide } from '../copy/local-path.ts';
import {
  absolute,
  assertOutputPath,
  destinationSide,
  linkTarget,
  renamed,
  sourceSide,
  splitLast,
} from '../copy/local-path.ts';
import { pack } from '../copy/pack.ts';
import { planCopy } from '../copy/plan.ts';
import { CopyProgress } from '../copy/progress.ts';
import { underTop } from '../copy/rename-top.ts';
import { openInput } from '../options/open-input.ts';
import { stdoutIsTerminal } from '../output/terminal.ts';
import type { Session } from '../session.ts';

/** Copies between a container and here. */
export const command: Command = {
  usage: '[OPTIONS] CONTAINER:SRC_PATH DEST_PATH|-\n\t{program} cp [OPTIONS] SRC_PATH|- CONTAINER:DEST_PATH',
  long: `
Use '-' as the source to read a tar archive from stdin
and extract it to a directory destination in a container.
Use '-' as the destination to stream a tar archive of a
container source to stdout.
`,
  operands: { least: 2, most: 2 },
  flags: [
    { name: 'archive', short: 'a', kind: 'bool', usage: 'Archive mode (copy all uid/gid information)' },
    { name: 'follow-link', short: 'L', kind: 'bool', usage: 'Always follow symbol link in SRC_PATH' },
    {
      name: 'quiet',
      short: 'q',
      kind: 'bool',
      usage:
        'Suppress progress output during copy. Progress output is automatically suppressed if no terminal is attached',
    },
  ],
  run,
};

interface Copy {
  readonly container: string;
  readonly source: string;
  readonly destination: string;
  readonly archive: boolean;
  readonly followsLink: boolean;
  readonly quiet: boolean;
}

async function run(session: Session, { flags, operands: [from = '', to = ''] }: CommandInput): Promise<number> {
  if (from === '') throw new Error('source can not be empty');
  if (to === '') throw new Error('destination can not be empty');
  const [source, destination] = [splitArgument(from), splitArgument(to)];
  if (source.container && destination.container) throw new Error('copying between containers is not supported');
  const container = source.container || destination.container;
  if (!container) throw new Error('must specify at least one container source');
  const copy: Copy = {
    container,
    source: source.path,
    destination: destination.path,
    archive: flags.bool('archive'),
    followsLink: flags.bool('follow-link'),
    quiet: flags.changed('quiet') ? flags.bool('quiet') : !stdoutIsTerminal(),
  };
  await (source.container ? copyOut(session, copy) : copyIn(session, copy));
  return 0;
}

/** What stands before a colon is a container, unless it looks like a path. */
function splitArgument(text: string): { container: string; path: string } {
  const at = text.indexOf(':');
  if (text.startsWith('/') || text.startsWith('.') || at < 0) return { container: '', path: text };
  return { container: text.slice(0, at), path: text.slice(at + 1) };
}

async function copyIn(session: Session, copy: Copy): Promise<void> {
  const { container, destination, archive, followsLink, quiet } = copy;
  const { files } = session.client;
  const to = await destinationIn(session, copy);
  if (copy.source === '-') {
    if (!to.isDirectory) throw new Error(`destination "${container}:${destination}" must be a directory`);
    return await files.copyIn(container, openInput('-'), { path: to.path, copyUIDGID: archive });
  }
  const from = sourceSide(absolute(copy.source), followsLink);
  const { directory, name } = planCopy(from, to);
  const progress = new CopyProgress('Copying to container - ', (text) => session.err(text));
  const content = progress.count(pack(from.path, name ?? splitLast(from.path).base));
  if (!quiet) progress.begin();
  try {
    await files.copyIn(container, content, { path: directory, copyUIDGID: archive });
  } finally {
    if (!quiet) {
      progress.end();
      session.err(`Successfully copied ${progress.size} to ${container}:${to.path}\n`);
    }
  }
}

/** Where a copy goes to in a container; a link at its end is followed. What cannot be looked at is taken to be missing. */
async function destinationIn(session: Session, { container, destination }: Copy): Promise<CopySide> {
  const look = (path: string) => session.client.files.stat(container, path).catch(() => undefined);
  let [path, stat] = [destination, await look(destination)];
  if (stat && isKind(stat, LINK)) {
    path = linkTarget(destination, stat.linkTarget);
    stat = await look(path);
  }
  if (stat && isKind(stat, DEVICE)) {
    throw new Error(`destination "${container}:${destination}" must be a directory or a regular file: got a device`);
  }
  return { path, exists: stat !== undefined, isDirectory: stat !== undefined && isKind(stat, DIRECTORY) };
}

async function copyOut(session: Session, copy: Copy): Promise<void> {
  const { container, quiet } = copy;
  const destination = copy.destination === '-' ? '-' : absolute(copy.destination);
  assertOutputPath(destination);
  const { path, rename } = copy.followsLink ? await followed(session, copy) : { path: copy.source, rename: undefined };
  const { stat, body } = await session.client.files.copyOut(container, path);
  if (destination === '-') {
    for await (const piece of body.pieces()) session.out(piece);
    return;
  }
  const progress = new CopyProgress('Copying from container - ', (text) => session.err(text));
  if (!quiet) progress.begin();
  try {
    const to = destinationSide(destination);
    const { directory, name } = planCopy({ path, exists: true, isDirectory: isKind(stat, DIRECTORY), rename }, to);
    const { base } = splitLast(path);
    const renaming = (entry: Buffer) => (name === undefined ? entry : underTop(entry, base, name));
    await extract(progress.count(body.pieces()), directory, renaming);
  } finally {
    body.cancel();
    if (!quiet) {
      progress.end();
      session.err(`Successfully copied ${progress.size} to ${destination}\n`);
    }
  }
}

/** The source behind a link. */
async function followed(session: Session, { container, source }: Copy) {
  const stat = await session.client.files.stat(container, source).catch(() => undefined);
  if (!stat || !isKind(stat, LINK)) return { path: source, rename: undefined };
  return renamed(source, linkTarget(source, stat.linkTarget));
}

/** Bits of Go's modes. */
const DIRECTORY = 2 ** 31;
const LINK = 2 ** 27;
const DEVICE = 2 ** 26;

const isKind = ({ mode }: PathStat, bit: number): boolean => Math.floor(mode / bit) % 2 === 1;
