import { DOCKER_VERSION } from '#api';
import { EngineError } from '#errdefs';
import { createLog } from '#log';
import { takePassedSockets } from '#server';
import { closeOnExec, sendfile } from '#sys';
import { loadConfig } from './config.ts';
import { ConfigError } from './config-file.ts';
import { parseFlags, usage } from './flags.ts';
import { takeNotifySocket } from './notify.ts';
import { stopContainers } from './stop-containers.ts';
import { GANTRY_VERSION } from './version.ts';

/** Runs gantryd with these arguments. Resolves when it serves, or when a one-shot task (`--purge` …) is done. */
export async function main(args: readonly string[]): Promise<void> {
  try {
    await run(args);
  } catch (error) {
    if (!(error instanceof ConfigError || error instanceof EngineError)) throw error;
    process.stderr.write(`gantryd: ${error.message}\n`);
    process.exitCode = 1;
  }
}

async function run(args: readonly string[]): Promise<void> {
  if (args[0] === 'registry') return await (await import('./registry.ts')).registryMain(args.slice(1), sendfile);
  const flags = parseFlags(args);
  if (flags.help) return void process.stdout.write(usage());
  if (flags.version) {
    return void process.stdout.write(`Gantry version ${GANTRY_VERSION}, as Docker ${DOCKER_VERSION}\n`);
  }
  const config = loadConfig(flags);
  if (flags.validate) return void process.stdout.write('configuration OK\n');
  const log = createLog(config.logLevel, config.logFormat);
  if (flags.stopContainers) return await stopContainers(config);
  if (flags.purge) return await (await import('./purge.ts')).purge(config, log);
  const notify = takeNotifySocket(process.env, log);
  // What only asks a running daemon does not wait for all of it to be loaded.
  const { Daemon } = await import('./daemon.ts');
  const passed = takePassedSockets(process.env, closeOnExec);
  const daemon = await Daemon.open(config, log, { flags, passed });
  notify('READY=1');
  const stop = (signal: NodeJS.Signals) => {
    log.info('stopping; containers live on', { signal });
    notify('STOPPING=1');
    void daemon[Symbol.asyncDispose]().then(() => process.exit(0));
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  let reloading = Promise.resolve();
  process.on('SIGHUP', () => {
    // One after the other: a plugin may be waited for.
    reloading = reloading.then(() => daemon.reload());
  });
  process.on('SIGUSR2', () => void daemon.stopContainers());
}
