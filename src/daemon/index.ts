/**
 * The process: reads the configuration, constructs every module in one place, recovers, serves, shuts down. Owns the data
 * root's lock, the pid file and the listening sockets.
 */
export { toConfig } from './config.ts';
export { ConfigError, parseConfig } from './config-file.ts';
export { openUpstream } from './registry-upstream.ts';
export async function main(args: readonly string[]): Promise<void> {
  const { main: run } = await import('./main.ts');
  await run(args);
}
