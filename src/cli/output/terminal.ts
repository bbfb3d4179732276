import { isatty, ReadStream } from 'node:tty';

/** Whether standard input is a terminal. */
export function stdinIsTerminal(): boolean {
  return isatty(0);
}

/** Whether standard output is a terminal. */
export function stdoutIsTerminal(): boolean {
  return isatty(1);
}

/** The size of the terminal that standard output is; zeros when it is none. */
export function terminalSize(): { h: number; w: number } {
  if (!isatty(1)) return { h: 0, w: 0 };
  const [w, h] = process.stdout.getWindowSize();
  return { h, w };
}

/** Switches the terminal to raw mode until disposed of; nothing when standard input is no terminal. */
export function rawMode(): Disposable {
  const { stdin } = process;
  if (!(stdin instanceof ReadStream)) return { [Symbol.dispose]: () => undefined };
  const restore = () => {
    stdin.setRawMode(false);
  };
  stdin.setRawMode(true);
  // Node's raw mode still turns \n into \r\n on output, which the terminal in the container has done already.
  const { spawnSync } = process.getBuiltinModule('node:child_process');
  spawnSync('stty', ['-opost'], { stdio: ['inherit', 'ignore', 'ignore'] });
  process.once('exit', restore);
  return {
    [Symbol.dispose]: () => {
      process.off('exit', restore);
      restore();
    },
  };
}
