import { closeSync, existsSync, openSync, unlinkSync, writeSync } from 'node:fs';
import type { CreateBody } from '#client';
import { DaemonError } from '#client';
import type { FlagValues } from '../flags/flag-values.ts';
import { familiarName } from '../format/text.ts';
import { goFileError } from '../options/files.ts';
import { terminalSize } from '../output/terminal.ts';
import type { Session } from '../session.ts';
import { withProxies } from './proxies.ts';

/** Creates a container as the flags say, pulling the image where it is missing; answers with its id. */
export async function createContainer(session: Session, flags: FlagValues, body: CreateBody): Promise<string> {
  const pull = flags.text('pull');
  const image = String(body['Image']);
  using idFile = openIdFile(flags.text('cidfile'));
  const platform = flags.text('platform');
  const { h, w } = terminalSize();
  Object.assign(body['HostConfig'] as object, { ConsoleSize: [h, w] });
  const request = withProxies(session, body);
  const create = () => session.client.containers.create(request, { name: flags.text('name'), platform });
  const fetch = () => pullImage(session, image, { platform, quiet: flags.bool('quiet') });
  if (pull === 'always') await fetch();
  const made = await create().catch(async (error: unknown) => {
    if (!(error instanceof DaemonError) || error.status !== 404 || pull === 'never' || pull === 'always') throw error;
    session.err(`Unable to find image '${withTag(familiarName(image))}' locally\n`);
    await fetch();
    return create();
  });
  for (const warning of made.Warnings ?? []) session.err(`WARNING: ${warning}\n`);
  idFile.write(made.Id);
  return made.Id;
}

async function pullImage(
  session: Session,
  image: string,
  options: { platform: string; quiet: boolean },
): Promise<void> {
  const at = image.indexOf('@');
  const colon = image.indexOf(':', image.lastIndexOf('/') + 1);
  const cutAt = at >= 0 ? at : colon;
  const name = cutAt < 0 ? image : image.slice(0, cutAt);
  const tag = cutAt < 0 ? 'latest' : image.slice(cutAt + 1);
  const query = { fromImage: name, tag, platform: options.platform };
  const { registryAuth } = await import('../registry/credentials.ts');
  const body = await session.client.images.pull(query, registryAuth(session, name));
  const { showProgress } = await import('../output/progress.ts');
  await showProgress(body, options.quiet ? undefined : { write: (text) => session.err(text), fd: 2 });
}

function withTag(name: string): string {
  const bare = name.indexOf(':', name.lastIndexOf('/') + 1) < 0 && !name.includes('@');
  return bare ? `${name}:latest` : name;
}

interface IdFile extends Disposable {
  write(id: string): void;
}

// The file is there before the container, so that two runs don't share it, and gone again when none was made.
function openIdFile(path: string): IdFile {
  if (path === '') return { write: () => undefined, [Symbol.dispose]: () => undefined };
  if (existsSync(path)) {
    throw new Error(`container ID file found, make sure the other container isn't running or delete ${path}`);
  }
  const fd = createFile(path);
  let written = false;
  return {
    write: (id) => {
      writeSync(fd, id);
      written = true;
    },
    [Symbol.dispose]: () => {
      closeSync(fd);
      if (!written) unlinkSync(path);
    },
  };
}

function createFile(path: string): number {
  try {
    return openSync(path, 'w', 0o666);
  } catch (error) {
    throw new Error(
      `failed to create the container ID file: ${goFileError(error as NodeJS.ErrnoException, path).message}`,
    );
  }
}
