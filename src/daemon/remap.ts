import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import type { IdMaps } from '#oci';
import { ConfigError } from './config-file.ts';

/** Docker's own user for `default`, made when it is missing. */
const DEFAULT_USER = 'dockremap';
const RANGE = 65_536;
const FIRST = 100_000;

/**
 * The ids of containers by `userns-remap`: `default`, a user or a user and a group, by name or number, with their ranges in
 * /etc/subuid and /etc/subgid.
 */
export function readRemap(setting: string): IdMaps {
  if (setting === 'default') ensureDefault();
  const [given = '', group = given, rest] = (setting === 'default' ? DEFAULT_USER : setting).split(':');
  if (rest !== undefined || given === '' || group === '') {
    throw new ConfigError(`"userns-remap": "${setting}" must be default, user or user:group`);
  }
  return {
    uids: rangesOf(account('user', given), '/etc/subuid'),
    gids: rangesOf(account('group', group), '/etc/subgid'),
  };
}

interface Account {
  readonly name: string;
  readonly id: string;
}

/** By name or number. */
function account(kind: 'user' | 'group', given: string): Account {
  const file = kind === 'user' ? '/etc/passwd' : '/etc/group';
  for (const line of lines(file)) {
    const [name = '', , id = ''] = line.split(':');
    if (name === given || id === given) return { name, id };
  }
  throw new ConfigError(`"userns-remap": there is no ${kind} "${given}" in ${file}`);
}

/** Several ranges follow each other in the container. */
function rangesOf({ name, id }: Account, file: string): IdMaps['uids'] {
  let containerId = 0;
  const ranges = lines(file).flatMap((line) => {
    const [owner, first, count] = line.split(':');
    const [hostId, size] = [Number(first), Number(count)];
    if ((owner !== name && owner !== id) || !Number.isInteger(hostId) || !(size > 0)) return [];
    const range = { containerId, hostId, size };
    containerId += size;
    return [range];
  });
  if (ranges.length === 0) throw new ConfigError(`"userns-remap": no range of "${name}" in ${file}`);
  return ranges;
}

function lines(file: string): string[] {
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [];
}

function ensureDefault(): void {
  if (!lines('/etc/passwd').some((line) => line.startsWith(`${DEFAULT_USER}:`))) {
    try {
      execFileSync('useradd', ['--system', '--user-group', '--no-create-home', '--shell', '/bin/false', DEFAULT_USER]);
    } catch (error) {
      throw new ConfigError(`"userns-remap": the user ${DEFAULT_USER} could not be made: ${(error as Error).message}`);
    }
  }
  for (const file of ['/etc/subuid', '/etc/subgid']) {
    const given = lines(file);
    if (given.some((line) => line.startsWith(`${DEFAULT_USER}:`))) continue;
    const ends = given.map((line) => line.split(':')).map(([, first, count]) => Number(first) + Number(count) || 0);
    appendFileSync(file, `${DEFAULT_USER}:${Math.max(FIRST, ...ends)}:${RANGE}\n`);
  }
}
