import { mkdirSync, readFileSync, realpathSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Command } from '../command.ts';
import type { Session } from '../session.ts';
import { defaultContext, readContext } from './store.ts';

/** Makes a context the one that is used when no other is named. */
export const command: Command = {
  usage: 'CONTEXT',
  operands: { least: 1, most: 1 },
  flags: [],
  run: async (session, { operands: [name = ''] }) => {
    if (name !== defaultContext) readContext(session.configDir, name);
    setCurrent(session, name === defaultContext ? undefined : name);
    session.out(`${name}\n`);
    session.err(`Current context is now "${name}"\n`);
    if (session.env['DOCKER_HOST'] && name !== defaultContext) {
      session.err(
        `Warning: DOCKER_HOST environment variable overrides the active context. To use "${name}", either set the global --context flag, or unset DOCKER_HOST environment variable.\n`,
      );
    }
    return 0;
  },
};

/** Writes `currentContext` into the user's config.json; all else in it stays, and so do its mode and place. */
export function setCurrent({ configDir }: Session, name: string | undefined): void {
  const path = real(join(configDir, 'config.json'));
  const { mode, settings } = readSettings(path);
  if (name === undefined) delete settings['currentContext'];
  else settings['currentContext'] = name;
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeFileSync(`${path}.new`, JSON.stringify(settings, undefined, '\t'), { mode });
  renameSync(`${path}.new`, path);
}

function readSettings(path: string): { mode: number; settings: Record<string, unknown> } {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return { mode: 0o600, settings: { auths: {} } };
  }
  // One that cannot be read must not be lost by writing it anew.
  return { mode: statSync(path).mode & 0o777, settings: JSON.parse(text) as Record<string, unknown> };
}

function real(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
