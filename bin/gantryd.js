// Starts the daemon from its sources; the compile cache keeps a restart from parsing them again.
'use strict';
const { lstatSync, mkdirSync } = require('node:fs');
const { enableCompileCache } = require('node:module');
const { join } = require('node:path');

// Never below /tmp, where another user could plant code: a folder of our own, that nobody else can write to.
const cache = '/var/cache/gantry/compile';
mkdirSync(cache, { recursive: true, mode: 0o700 });
const { uid, mode } = lstatSync(cache);
if (uid === process.getuid() && (mode & 0o170077) === 0o040000) enableCompileCache(cache);

import(join(__dirname, '..', 'src', 'daemon', 'index.ts')).then((daemon) => daemon.main(process.argv.slice(2)));
