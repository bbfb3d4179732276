import { printScript } from './print-script.ts';
import { fish } from './scripts.ts';

/** Prints the completion script for fish. */
export const command = printScript(fish);
