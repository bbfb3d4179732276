/**
 * The command line: a table of commands as data (names, groups, help), Docker's flag parsing, Go templates for `--format`,
 * and one file a verb under its group. `main` is the program; a command's module is loaded only when it is called.
 */

export { parseFlags } from './flags/parse.ts';
export { main } from './main.ts';
export type { Entry } from './table.ts';
export { findIn, findTop, groups, names, table } from './table.ts';
