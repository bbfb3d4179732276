import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { chroot, installSeccompFilter } from '#sys/tree';
import { jailFilter } from './syscalls.ts';

/**
 * Locks this process up in a directory: no further code is loaded, the directory is `/` for every thread, and the
 * kernel refuses programs, sockets and processes. All code must be loaded before; there is no way back.
 */
export function enterJail(root: string): void {
  warmUp();
  const refuse = (): never => {
    throw new Error('a jail loads no code');
  };
  registerHooks({ resolve: refuse, load: refuse });
  process.dlopen = refuse;
  checkDescriptors();
  chroot(root);
  installSeccompFilter(jailFilter(process.arch));
}

/** What the libraries read lazily (providers of OpenSSL, tables of zlib and zstd) they read now, from the host. */
function warmUp(): void {
  createHash('sha256').update('').digest();
  createGunzip().destroy();
  createZstdDecompress().destroy();
  new Error('').stack;
}

/** An open directory would be a way out of the root: there is none but the one that lists them. */
function checkDescriptors(): void {
  const names = readdirSync('/proc/self/fd', { withFileTypes: true });
  if (names.length > MOST_DESCRIPTORS) throw new Error(`${names.length} descriptors are open`);
}

/** Standard streams, the result, and what the event loop of Node opens for itself. */
const MOST_DESCRIPTORS = 40;
