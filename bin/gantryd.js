// Starts the daemon.
'use strict';
const { join } = require('node:path');
const { useCompileCache } = require('./compile-cache.js');

useCompileCache();
import(join(__dirname, '..', 'src', 'daemon', 'index.ts')).then((daemon) => daemon.main(process.argv.slice(2)));
