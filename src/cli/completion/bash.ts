import { printScript } from './print-script.ts';
import { bash } from './scripts.ts';

/** Prints the completion script for bash. */
export const command = printScript(bash);
