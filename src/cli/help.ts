import type { Command, Flag } from './command.ts';
import { flagUsages } from './flags/usage.ts';
import type { Entry } from './table.ts';
import { groups, names, table } from './table.ts';

/** The flags before the command, `home` being the configuration folder. */
export function globalFlags(home: string): Flag[] {
  const file = (name: string, usage: string, base: string): Flag => ({
    name,
    kind: 'string',
    usage,
    shown: `"${home}/${base}"`,
  });
  return [
    { name: 'config', kind: 'string', usage: 'Location of client config files', shown: `"${home}"` },
    {
      name: 'context',
      short: 'c',
      kind: 'string',
      usage:
        'Name of the context to use to connect to the daemon (overrides DOCKER_HOST env var and default context set with "docker context use")',
    },
    { name: 'debug', short: 'D', kind: 'bool', usage: 'Enable debug mode' },
    { name: 'host', short: 'H', kind: 'list', usage: 'Daemon socket to connect to' },
    {
      name: 'log-level',
      short: 'l',
      kind: 'string',
      usage: 'Set the logging level ("debug", "info", "warn", "error", "fatal")',
      shown: '"info"',
    },
    { name: 'tls', kind: 'bool', usage: 'Use TLS; implied by --tlsverify' },
    file('tlscacert', 'Trust certs signed only by this CA', 'ca.pem'),
    file('tlscert', 'Path to TLS certificate file', 'cert.pem'),
    file('tlskey', 'Path to TLS key file', 'key.pem'),
    { name: 'tlsverify', kind: 'bool', usage: 'Use TLS and verify the remote' },
    { name: 'version', short: 'v', kind: 'bool', usage: 'Print version information and quit' },
  ];
}

/** `gantry --help`. */
export function topHelp(program: string, home: string, columns: number): string {
  const top = table.filter((entry) => entry.top && !entry.hidden);
  const row = (name: string, short: string) => `  ${name.padEnd(11)} ${short}\n`;
  const rows = (entries: Entry[]) => entries.map((entry) => row(entry.top ?? '', named(entry.short, program))).join('');
  const byName = (a: Entry, b: Entry) => ((a.top ?? '') < (b.top ?? '') ? -1 : 1);
  return [
    `Usage:  ${program} [OPTIONS] COMMAND\n`,
    'A self-sufficient runtime for containers\n',
    `Common Commands:\n${rows(top.filter((entry) => entry.common))}`,
    `Management Commands:\n${Object.entries(groups)
      .map(([name, short]) => row(name, named(short, program)))
      .join('')}`,
    `Commands:\n${rows(top.filter((entry) => !entry.common).sort(byName))}`,
    `Global Options:\n${flagUsages(globalFlags(home), columns)}`,
    `Run '${program} COMMAND --help' for more information on a command.\n`,
  ].join('\n');
}

/** `gantry container --help`. */
export function groupHelp(program: string, group: string): string {
  const entries = table.filter((entry) => entry.group === group && !entry.hidden);
  const sorted = [...entries].sort((a, b) => (a.name < b.name ? -1 : 1));
  const width = Math.max(11, ...sorted.map((entry) => entry.name.length));
  const rows = sorted.map((entry) => `  ${entry.name.padEnd(width)} ${named(entry.short, program)}\n`).join('');
  return [
    `Usage:  ${program} ${group} COMMAND\n`,
    `${named(groups[group] ?? '', program)}\n`,
    `Commands:\n${rows}`,
    `Run '${program} ${group} COMMAND --help' for more information on a command.\n`,
  ].join('\n');
}

/** The help of one command, called by `path`. */
export function commandHelp(program: string, path: string, entry: Entry, command: Command, columns: number): string {
  const all = names(entry);
  const about = `${named(entry.long ?? entry.short, program)}\n${(command.long ?? '').replaceAll('$ docker ', `$ ${program} `)}`;
  const parts = [`Usage:  ${useLine(path, command)}\n`, about];
  if (all.length > 1) parts.push(`Aliases:\n  ${all.map((name) => `${program} ${name}`).join(', ')}\n`);
  const usages = flagUsages(shownFlags(command.flags), columns);
  if (usages) parts.push(`Options:\n${usages.replace(/\s+$/, '\n')}`);
  return parts.join('\n');
}

// Docker lists --help only where -h means something else, so that it can be seen.
function shownFlags(flags: readonly Flag[]): Flag[] {
  const all = [...flags];
  if (flags.some((flag) => flag.short === 'h')) all.push({ name: 'help', kind: 'bool', usage: 'Print usage' });
  return all.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The usage line of a command called by `path`. */
export function useLine(path: string, command: Command): string {
  if (!command.usage) return path;
  return `${path} ${command.usage}`.replaceAll('{program}', path.split(' ')[0]!);
}

function named(text: string, program: string): string {
  return program === 'docker' ? text : text.replaceAll(/Docker(?! (?:Hub|ID))/g, 'Gantry');
}
