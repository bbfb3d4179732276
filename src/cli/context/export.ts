import { writeFileSync } from 'node:fs';
import { encodeEntry, paddingOf, TAR_END } from '#tar';
import type { Command } from '../command.ts';
import { goFileError } from '../options/files.ts';
import { stdoutIsTerminal } from '../output/terminal.ts';
import type { ContextMeta, TlsMaterial } from './store.ts';
import { defaultContext, readContext, readTls } from './store.ts';

/** Writes a context with its TLS files into an archive. */
export const command: Command = {
  usage: '[OPTIONS] CONTEXT [FILE|-]',
  operands: { least: 1, most: 2 },
  flags: [],
  run: async (session, { operands: [name = '', file = `${name}.dockercontext`] }) => {
    if (name === defaultContext) throw new Error('cannot export "default" context');
    const archive = encodeContext(readContext(session.configDir, name), readTls(session.configDir, name));
    if (file === '-') {
      if (stdoutIsTerminal()) throw new Error('cowardly refusing to export to a terminal, specify a file path');
      session.out(archive);
      return 0;
    }
    try {
      writeFileSync(file, archive, { mode: 0o600, flag: 'wx' });
    } catch (error) {
      throw goFileError(error as NodeJS.ErrnoException, file);
    }
    session.err(`Written file "${file}"\n`);
    return 0;
  },
};

/** An archive as docker makes it: `meta.json`, then `tls/docker/<file>`. */
export function encodeContext(meta: ContextMeta, tls: TlsMaterial): Buffer {
  const file = (name: string, content: Buffer, mode: number) =>
    Buffer.concat([
      encodeEntry({ type: 'file', name: Buffer.from(name), size: content.length, mode }),
      content,
      paddingOf(content.length),
    ]);
  const folder = (name: string) => encodeEntry({ type: 'directory', name: Buffer.from(name), mode: 0o700 });
  return Buffer.concat([
    file('meta.json', Buffer.from(JSON.stringify(meta)), 0o644),
    folder('tls'),
    ...(Object.keys(tls).length > 0 ? [folder('tls/docker')] : []),
    ...Object.entries(tls).map(([name, content]) => file(`tls/docker/${name}`, content, 0o600)),
    TAR_END,
  ]);
}
