'use strict';
const { lstatSync, mkdirSync } = require('node:fs');
const { enableCompileCache } = require('node:module');
const { join } = require('node:path');

/** Caches compiled code in a folder of our own that nobody else can write to; never below /tmp, where another could plant code. */
exports.useCompileCache = function useCompileCache() {
  const home = process.env.XDG_CACHE_HOME || (process.env.HOME && join(process.env.HOME, '.cache'));
  const parent = process.getuid() === 0 ? '/var/cache' : home;
  if (!parent) return;
  const folder = join(parent, 'gantry');
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const { uid, mode } = lstatSync(folder);
    if (uid === process.getuid() && (mode & 0o170077) === 0o040000) enableCompileCache(folder);
  } catch {
    // Only slower without.
  }
};
