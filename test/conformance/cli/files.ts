import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dockerArchive } from '../image.ts';

const CERTIFICATES = join(import.meta.dirname, '../../../src/server/testdata/tls');

/** Writes the files that command lines name into a folder. */
export function writeFiles(folder: string): void {
  writeFileSync(join(folder, 'env'), '# comment\nFROM_FILE=1\nB\n\nQUOTED="x y"\n');
  writeFileSync(join(folder, 'labels'), 'from.file=yes\nempty\n');
  writeFileSync(join(folder, 'archive.tar'), dockerArchive(['cli-loaded:one']));
  for (const each of ['out', 'tree/sub']) mkdirSync(join(folder, each), { recursive: true });
  writeFileSync(join(folder, 'tree/a'), 'a\n');
  writeFileSync(join(folder, 'tree/sub/b'), 'b\n');
  symlinkSync('a', join(folder, 'tree/link'));
  symlinkSync('tree', join(folder, 'link'));
  writeFileSync(join(folder, 'junk.tar'), 'this is no archive');
  for (const name of ['ca.pem', 'client.pem', 'client-key.pem'])
    copyFileSync(join(CERTIFICATES, name), join(folder, name));
}

/** The environment of the lines: nothing of the host's. */
export function environment(folder: string, socket: string): Record<string, string> {
  return {
    PATH: process.env.PATH ?? '/usr/local/bin:/usr/bin:/bin',
    HOME: folder,
    DOCKER_HOST: `unix://${socket}`,
    DOCKER_CLI_HINTS: 'false',
    GANTRY_PROGRAM: 'docker',
    TZ: 'UTC',
    TERM: 'xterm',
    B: 'from outside',
  };
}
