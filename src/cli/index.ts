/**
 * The command line: a table of commands as data (names, groups, help), Docker's flag parsing, Go templates for `--format`,
 * and one file a verb under its group. `main` is the program; a command's module is loaded only when it is called.
 */

export { main } from './main.ts';
export { table } from './table.ts';
