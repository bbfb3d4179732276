import type { Info } from '#api';
import type { Command } from '../command.ts';
import { objectFormat } from '../flags/format-flag.ts';
import type { Session } from '../session.ts';
import { StatusError } from '../status-error.ts';
import { clientVersion } from './client-version.ts';
import { serverText } from './info-text.ts';

/** Prints what the daemon and its host are like. */
export const command: Command = {
  usage: '[OPTIONS]',
  operands: { least: 0, most: 0 },
  flags: [{ ...objectFormat, short: 'f' }],
  run: async (session, { flags }) => {
    const format = flags.text('format');
    const info = await session.client.system.info().catch((error: Error) => error);
    if (format === '') return printText(session, info);
    await printFormat(session, format, info);
    return 0;
  },
};

function printText(session: Session, info: Info | Error): number {
  const { Version: version } = clientVersion('', session.contextName);
  session.out(
    `Client:\n Version:    ${version}\n Context:    ${session.contextName}\n Debug Mode: ${session.globals.debug}\n\nServer:\n`,
  );
  if (info instanceof Error) {
    session.err(`${info.message}\n`);
    throw new StatusError('errors pretty printing info', 1);
  }
  session.out(serverText(info, session.globals.debug));
  for (const warning of info.Warnings ?? []) session.err(`${warning}\n`);
  return 0;
}

// Go's names of fields that JSON spells otherwise.
const goNames: Record<string, string> = {
  CpuCfsPeriod: 'CPUCfsPeriod',
  CpuCfsQuota: 'CPUCfsQuota',
  HttpProxy: 'HTTPProxy',
  HttpsProxy: 'HTTPSProxy',
};

async function printFormat(session: Session, format: string, info: Info | Error): Promise<void> {
  const [{ GoStruct }, { printObject }] = await Promise.all([import('#template/value'), import('./format-object.ts')]);
  const own = clientVersion(session.client.transport.version, session.contextName);
  const client = { Debug: session.globals.debug, ...own, Plugins: [], Warnings: null };
  const failed = info instanceof Error;
  const server = failed ? {} : (info as unknown as Record<string, never>);
  const errors = failed ? { ServerErrors: [info.message] } : {};
  const named = Object.entries(server).map(([name, value]) => [goNames[name] ?? name, value]);
  const fields = { ServerErrors: [], ClientErrors: [], ...Object.fromEntries(named), ...errors };
  const clientStruct = new GoStruct('*system.clientInfo', client, client);
  const struct = new GoStruct(
    'system.dockerInfo',
    { ...fields, ClientInfo: clientStruct },
    { ...server, ...errors, ClientInfo: client },
  );
  await printObject(session, format, struct);
}
