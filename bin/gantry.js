// Starts the CLI: from the bundle when there is one that is no older than its sources, else from the sources.
'use strict';
const { existsSync, lstatSync, mkdirSync, statSync } = require('node:fs');
const { join } = require('node:path');
const { enableCompileCache } = require('node:module');

const root = join(__dirname, '..');
const bundle = join(root, 'build', 'gantry.cjs');
compileCache();
const main = isFresh() ? Promise.resolve(require(bundle)) : import(join(root, 'src', 'cli', 'index.ts'));
main
  .then((cli) => cli.main(process.argv.slice(2)))
  .then((code) => {
    process.exitCode ||= code;
  });

// Never below /tmp, where another user could plant code: a folder of our own, that nobody else can write to.
function compileCache() {
  const home = process.env.XDG_CACHE_HOME || (process.env.HOME && join(process.env.HOME, '.cache'));
  const folder = process.getuid() === 0 ? '/var/cache/gantry' : home && join(home, 'gantry');
  if (!folder) return;
  try {
    const cache = join(folder, 'compile');
    if (!existsSync(cache)) mkdirSync(cache, { recursive: true, mode: 0o700 });
    const { uid, mode } = lstatSync(cache);
    if (uid === process.getuid() && (mode & 0o170077) === 0o040000) enableCompileCache(cache);
  } catch {
    // Only slower without.
  }
}

// An installed release has no sources; in a checkout the bundle's list of inputs says which to look at.
function isFresh() {
  const made = statSync(bundle, { throwIfNoEntry: false });
  if (!made) return false;
  const inputs = statSync(join(root, 'src'), { throwIfNoEntry: false }) ? require('../build/gantry.inputs.json') : [];
  return inputs.every((path) => statSync(join(root, path), { throwIfNoEntry: false })?.mtimeMs < made.mtimeMs);
}
