// Starts the CLI from its sources; bin/gantry takes build/gantry instead where that is no older than they are.
'use strict';
const { join } = require('node:path');
const { useCompileCache } = require('./compile-cache.js');

useCompileCache();
import(join(__dirname, '..', 'src', 'cli', 'index.ts'))
  .then((cli) => cli.main(process.argv.slice(2)))
  .then((code) => {
    process.exitCode ||= code;
  });
