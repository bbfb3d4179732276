import type { Command } from '../command.ts';
import { objectFormat } from '../flags/format-flag.ts';
import type { Session } from '../session.ts';
import { inspectAll } from '../system/inspect-objects.ts';
import { defaultContext, metaFolder, readContext, readTls, tlsFolder } from './store.ts';

/** Prints everything known about contexts; without a name, about the one in force. */
export const command: Command = {
  usage: '[OPTIONS] [CONTEXT] [CONTEXT...]',
  operands: { least: 0, most: Number.POSITIVE_INFINITY },
  flags: [{ ...objectFormat, short: 'f' }],
  run: (session, { flags, operands }) =>
    inspectAll(session, operands.length > 0 ? operands : [session.contextName], flags.text('format'), async (name) => ({
      text: JSON.stringify(describe(session, name)),
    })),
};

function describe(session: Session, name: string): object {
  const { configDir } = session;
  if (name === defaultContext) {
    return {
      Name: name,
      Metadata: {},
      Endpoints: { docker: { Host: session.defaultHost, SkipTLSVerify: false } },
      TLSMaterial: {},
      Storage: { MetadataPath: '<IN MEMORY>', TLSPath: '<IN MEMORY>' },
    };
  }
  const meta = readContext(configDir, name);
  const files = Object.keys(readTls(configDir, name));
  return {
    ...meta,
    TLSMaterial: files.length > 0 ? { docker: files } : {},
    Storage: { MetadataPath: metaFolder(configDir, name), TLSPath: tlsFolder(configDir, name) },
  };
}
