import type { Dirent } from 'node:fs';
import { readdirSync, statSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { notFound } from '#errdefs';
import type { PluginAddress } from './address.ts';
import { readJsonFile, readSpecFile } from './address.ts';

/** Where plugins are looked for: sockets in one folder, files that name an address in the others, in this order. */
export interface PluginFolders {
  readonly sockets: string;
  readonly specs: readonly string[];
}

/** Docker's folders. */
export const PLUGIN_FOLDERS: PluginFolders = {
  sockets: '/run/docker/plugins',
  specs: ['/etc/docker/plugins', '/usr/lib/docker/plugins'],
};

/** Where the plugin of this name listens: `<name>.sock`, `.spec` or `.json`, in the folder or in one of its own there. */
export function findPlugin(name: string, folders: PluginFolders): PluginAddress {
  // A name comes from clients too (a log driver): it must not lead out of the folders.
  if (!/^[a-zA-Z0-9][\w.:-]*$/.test(name)) throw notFound(`plugin ${JSON.stringify(name)} not found`);
  for (const path of places(folders.sockets, name, '.sock')) {
    if (statSync(path, { throwIfNoEntry: false })?.isSocket()) return { kind: 'unix', path };
  }
  for (const folder of folders.specs) {
    for (const [extension, read] of READERS) {
      for (const path of places(folder, name, extension)) {
        if (statSync(path, { throwIfNoEntry: false })?.isFile()) return read(path);
      }
    }
  }
  throw notFound(`plugin ${JSON.stringify(name)} not found`);
}

const READERS = [
  ['.spec', readSpecFile],
  ['.json', readJsonFile],
] as const;

const places = (folder: string, name: string, extension: string) => [
  join(folder, `${name}${extension}`),
  join(folder, name, `${name}${extension}`),
];

/** The names of all plugins that offer themselves, each once, in no order that matters. */
export function pluginNames({ sockets, specs }: PluginFolders): string[] {
  const found = new Set<string>();
  for (const entry of entries(sockets)) {
    const name = entry.isDirectory() ? entry.name : stem(entry.name);
    if (places(sockets, name, '.sock').some((path) => statSync(path, { throwIfNoEntry: false })?.isSocket())) {
      found.add(name);
    }
  }
  for (const folder of specs) {
    for (const entry of entries(folder)) {
      const files = entry.isDirectory() ? entries(join(folder, entry.name)) : [entry];
      for (const { name } of files) {
        const isSpec = extname(name) === '.spec' || extname(name) === '.json';
        if (isSpec && (!entry.isDirectory() || stem(name) === entry.name)) found.add(stem(name));
      }
    }
  }
  return [...found];
}

const stem = (file: string) => basename(file, extname(file));

function entries(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    throw error;
  }
}
