import type { StageState } from './stage-state.ts';

const DEFAULT_SHELL = ['/bin/sh', '-c'];

/** A command as an argument of the stage's shell. */
export function inShell({ config: { Shell } }: Pick<StageState, 'config'>, words: readonly string[]): string[] {
  return [...(Shell && Shell.length > 0 ? Shell : DEFAULT_SHELL), words.join(' ')];
}
