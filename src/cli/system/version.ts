import type { Version, VersionComponent } from '#api';
import type { Command } from '../command.ts';
import { objectFormat } from '../flags/format-flag.ts';
import { ansic } from '../format/time.ts';
import type { Session } from '../session.ts';
import { clientVersion } from './client-version.ts';

/** Prints the versions of the client, the daemon and its parts. */
export const command: Command = {
  usage: '[OPTIONS]',
  operands: { least: 0, most: 0 },
  flags: [{ ...objectFormat, short: 'f' }],
  run: async (session, { flags }) => {
    const format = flags.text('format');
    let failure: Error | undefined;
    const server = await session.client.system.version().catch((error: Error) => {
      failure = error;
      return undefined;
    });
    const client = clientVersion(session.client.transport.version, session.contextName);
    const shown = server && { ...server, Components: withReadableTimes(server) };
    if (format === '') session.out(versionText(client, shown));
    else await printVersion(session, format, client, shown);
    if (failure) throw failure;
    return 0;
  },
};

async function printVersion(
  session: Session,
  format: string,
  client: Record<string, string>,
  server: Version | undefined,
) {
  const [{ GoStruct }, { printObject }] = await Promise.all([import('#template/value'), import('./format-object.ts')]);
  const struct = (type: string, raw: object) => {
    const { ApiVersion: api, ...rest } = raw as Record<string, never>;
    return new GoStruct(type, { ...rest, APIVersion: api }, raw);
  };
  const fields = {
    Client: struct('system.clientVersion', client),
    Server: server ? struct('*types.Version', server) : null,
  };
  const raw = { Client: client, Server: server ?? null };
  await printObject(session, format, new GoStruct('system.versionInfo', fields, raw), 'version');
}

function withReadableTimes(server: Version): VersionComponent[] {
  const components = server.Components ?? [engine(server)];
  return components.map((component) => {
    const built = component.Details?.['BuildTime'];
    if (!built || Number.isNaN(Date.parse(built))) return component;
    return { ...component, Details: { ...component.Details, BuildTime: ansic(new Date(built)) } };
  });
}

// Daemons before API 1.35 don't list components.
function engine(server: Version): VersionComponent {
  const { Version: version, ...details } = server as unknown as Record<string, string>;
  return { Name: 'Engine', Version: version ?? '', Details: details };
}

/** The versions for people. */
export function versionText(client: Record<string, string>, server: Version | undefined): string {
  const { ApiVersion: api, DefaultAPIVersion: newest } = client;
  const rows: [string, string | undefined][] = [
    [' Version:', client['Version']],
    [' API version:', `${api}${api === newest ? '' : ` (downgraded from ${newest})`}`],
    [' Node version:', client['GoVersion']],
    [' Git commit:', client['GitCommit']],
    ...(client['BuildTime'] ? [[' Built:', client['BuildTime']] as [string, string]] : []),
    [' OS/Arch:', `${client['Os']}/${client['Arch']}`],
    [' Context:', client['Context']],
  ];
  const text = `Client:\n${rows.map(row).join('')}`;
  if (!server) return text;
  const name = server.Platform?.Name ? ` ${server.Platform.Name}` : '';
  return `${text}\nServer:${name}\n${(server.Components ?? []).map(componentText).join('')}`;
}

function row([key, value]: [string, string | undefined]): string {
  return `${key.padEnd(Math.max(20, key.length + 1))}${value ?? ''}\n`;
}

function componentText({ Name: name, Version: version, Details: details = {} }: VersionComponent): string {
  const rows: [string, string | undefined][] =
    name === 'Engine'
      ? [
          ['  API version:', `${details['ApiVersion']} (minimum version ${details['MinAPIVersion']})`],
          [details['GoVersion']?.startsWith('v') ? '  Node version:' : '  Go version:', details['GoVersion']],
          ['  Git commit:', details['GitCommit']],
          ['  Built:', details['BuildTime']],
          ['  OS/Arch:', `${details['Os']}/${details['Arch']}`],
          ['  Experimental:', details['Experimental']],
        ]
      : Object.keys(details)
          .sort()
          .map((key) => [`  ${key}:`, details[key]]);
  return ` ${name}:\n${row(['  Version:', version])}${rows.map(row).join('')}`;
}
