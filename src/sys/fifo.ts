import { call, declare } from './libc.ts';

const mkfifo = declare('int mkfifo(const char *path, unsigned int mode)');

/** Makes a named pipe (mkfifo(3)). */
export function makeFifo(path: string, mode: number): void {
  call('mkfifo', mkfifo, [path, mode], path);
}
