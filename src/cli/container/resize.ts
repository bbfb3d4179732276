import { terminalSize } from '../output/terminal.ts';

type Resize = (size: { h: number; w: number }) => Promise<void>;

/** Keeps a terminal in the container as large as ours until disposed of; the first sizes may come before it is there. */
export function followSize(resize: Resize): Disposable {
  let stopped = false;
  const tell = () => resize(terminalSize());
  const first = async () => {
    for (let attempt = 1; attempt <= 10 && !stopped; attempt += 1) {
      try {
        await tell();
        return;
      } catch {
        // Not running yet; Docker tries ten times too.
        await new Promise((resolve) => setTimeout(resolve, attempt * 10));
      }
    }
  };
  const onResize = () => {
    tell().catch(() => undefined);
  };
  first();
  process.on('SIGWINCH', onResize);
  return {
    [Symbol.dispose]: () => {
      stopped = true;
      process.off('SIGWINCH', onResize);
    },
  };
}
