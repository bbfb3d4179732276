const forwarded = [
  'SIGHUP',
  'SIGINT',
  'SIGQUIT',
  'SIGTERM',
  'SIGUSR1',
  'SIGUSR2',
  'SIGALRM',
  'SIGCONT',
  'SIGTSTP',
  'SIGVTALRM',
  'SIGXCPU',
  'SIGXFSZ',
  'SIGIO',
  'SIGPWR',
] as const;

/** Sends every signal that reaches us on to a container, until disposed of. */
export function proxySignals(send: (signal: string) => Promise<void>): Disposable {
  const listeners = forwarded.map((name) => {
    const listener = () => {
      // The container may be gone by now, and nobody is left to be told.
      send(name.slice(3)).catch(() => undefined);
    };
    process.on(name, listener);
    return { name, listener };
  });
  return {
    [Symbol.dispose]: () => {
      for (const { name, listener } of listeners) process.off(name, listener);
    },
  };
}
