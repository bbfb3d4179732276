import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

const file = join(import.meta.dirname, '../../package.json');
const pkg = JSON.parse(readFileSync(file, 'utf8')) as { version: string };

/** Gantry's own version. */
export const GANTRY_VERSION = pkg.version;

/** When these sources came to be here: nothing is built that could hold a time of its own. RFC 3339. */
export const BUILD_TIME = statSync(file).mtime.toISOString().replace('Z', '000000+00:00');
