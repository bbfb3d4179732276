import { createInterface } from 'node:readline/promises';

/** Asks the user at the terminal; a hidden answer is not shown while it is typed. */
export async function ask(question: string, { hidden = false } = {}): Promise<string> {
  const { spawnSync } = process.getBuiltinModule('node:child_process');
  const echo = (on: boolean) => spawnSync('stty', [on ? 'echo' : '-echo'], { stdio: ['inherit', 'ignore', 'ignore'] });
  using lines = createInterface({ input: process.stdin, terminal: false });
  process.stderr.write(question);
  if (hidden) echo(false);
  try {
    return (await lines.question('')).replace(/\r$/, '');
  } finally {
    if (hidden) {
      echo(true);
      process.stderr.write('\n');
    }
  }
}
