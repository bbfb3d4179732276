import { ConfigError } from './config-file.ts';

const HOST_AND_PORT = /^(\[[\da-f:.]+\]|[^\s:/[\]@?#%]*)(?::(\d{0,5}))?\/?$/i;
const HIGHEST_PORT = 65_535;

/**
 * A bind address with its scheme, of what Docker lets a user write shorter: `/path` is a socket; `host:port`, `host` and
 * `:port` are `tcp://`, on the local host where none is named. Without a port the listener takes Docker's.
 */
export function listenAddress(given: string): string {
  const text = given.trim();
  if (text.startsWith('/')) return `unix://${text}`;
  if (/^(unix:\/\/\/|fd:\/\/)/.test(text)) return text;
  const bare = text.startsWith('tcp://') ? text.slice('tcp://'.length) : text;
  const match = text === '' ? null : HOST_AND_PORT.exec(bare);
  if (!match || Number(match[2] ?? '') > HIGHEST_PORT) {
    throw new ConfigError(`invalid bind address "${given}": must be unix:///path, tcp://address:port or fd://`);
  }
  return `tcp://${match[1] || 'localhost'}${match[2] ? `:${match[2]}` : ''}`;
}
