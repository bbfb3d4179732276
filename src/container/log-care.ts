import type { HostConfig } from '#api';
import type { LogFile, LogSubject } from '#logging';
import { isForeign, logFile, needsCare } from '#logging';
import type { Context } from './context.ts';
import type { PrepareRequest } from './deps.ts';
import { containerFiles } from './folder.ts';
import type { Container } from './record.ts';

/** Refuses a driver that is neither ours nor a plugin's; undefined when there is nothing to ask. */
export function assertLogDriver(
  { logging, settings }: Context,
  config: HostConfig['LogConfig'] | undefined,
): Promise<void> | undefined {
  const driver = config?.Type || settings.logDriver;
  return isForeign(driver) ? logging.assertPlugin(driver) : undefined;
}

/** What the monitor is told of the log; null: none is written. */
export function logTarget(context: Context, container: Container): PrepareRequest['log'] {
  const { LogConfig } = container.spec.hostConfig;
  if (LogConfig.Type === 'none') return null;
  const subject = subjectOf(context, container);
  const { maxSize, maxFile, attributes } = fileOf(subject, container)!;
  return { path: subject.logPath, maxSize, maxFile, attributes };
}

/** Has the log of a container cared for beyond its file: until it ends, and then until all is delivered. */
export function careForLog(context: Context, container: Container, { isAlive }: { isAlive: boolean }): void {
  const { Type, Config } = container.spec.hostConfig.LogConfig;
  if (!needsCare(Type, Config ?? {})) return;
  const subject = subjectOf(context, container);
  const over = isAlive ? context.waiters.wait(container, 'next-exit', new AbortController().signal) : Promise.resolve();
  try {
    context.logging.care(subject, fileOf(subject, container)!, over);
  } catch (error) {
    context.log.warn('log not cared for', { container: container.id, error });
  }
}

const fileOf = (subject: LogSubject, { spec }: Container): LogFile | undefined => logFile(subject, spec.logDefaults);

function subjectOf({ settings }: Context, { id, name, createdNano, imageId, spec }: Container): LogSubject {
  const { config, hostConfig, path, args } = spec;
  return {
    id,
    name,
    createdNano,
    imageId,
    imageName: config.Image,
    path,
    args,
    env: config.Env ?? [],
    labels: config.Labels ?? {},
    logPath: containerFiles(settings, id).log,
    driver: hostConfig.LogConfig.Type || 'json-file',
    options: hostConfig.LogConfig.Config ?? {},
  };
}
