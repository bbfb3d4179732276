import { printScript } from './print-script.ts';
import { zsh } from './scripts.ts';

/** Prints the completion script for zsh. */
export const command = printScript(zsh);
