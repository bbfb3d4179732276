// Starts the daemon whose main module bin/gantryd names: the sources', or the one built from them.
'use strict';
const { useCompileCache } = require('./compile-cache.js');

useCompileCache();
const [program, ...args] = process.argv.slice(2);
require(program).main(args);
