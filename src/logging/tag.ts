import { hostname } from 'node:os';
import { formatNanos } from '#api';
import { internal } from '#errdefs';
import { compile } from '#template';
import { GoMap, GoStruct } from '#template/value';
import type { LogSubject } from './subject.ts';
import { shortId } from './subject.ts';

/** What the option `tag` (a Go template) or else the default says. Throws what Go says about a bad template. */
export function renderTag(subject: LogSubject, fallback: string): string {
  const source = subject.options.tag || fallback;
  if (!source.includes('{{')) return source;
  try {
    return compile(source).run(infoOf(subject));
  } catch (error) {
    const text = (error as Error).message.replace(/^template: :/, 'template: log-tag:');
    throw internal(text.replace('executing ""', 'executing "log-tag"'), error);
  }
}

/** Docker's logger.Info: its methods and its fields. */
function infoOf(subject: LogSubject): GoStruct {
  const { id, name, imageId, imageName, path, args, options } = subject;
  const fields = {
    ID: shortId(id),
    FullID: id,
    Name: name,
    ImageID: imageId.slice(0, 12),
    ImageFullID: imageId,
    ImageName: imageName,
    Command: [path, ...args].join(' '),
    Hostname: hostname(),
    Config: strings(options),
    ContainerID: id,
    ContainerName: `/${name}`,
    ContainerEntrypoint: path,
    ContainerArgs: [...args],
    ContainerImageID: imageId,
    ContainerImageName: imageName,
    ContainerCreated: created(subject.createdNano),
    ContainerEnv: [...subject.env],
    ContainerLabels: strings(subject.labels),
    LogPath: subject.logPath,
    DaemonName: 'docker',
  };
  return new GoStruct('*logger.Info', fields, fields);
}

const strings = (values: Readonly<Record<string, string>>) =>
  new GoMap('map[string]string', { ...values }, '', { ...values });

/** As Go prints a time. */
function created(nanos: bigint): string {
  const [date, time] = formatNanos(nanos).slice(0, -1).split('T');
  return `${date} ${time!.replace(/\.?0+$/, '')} +0000 UTC`;
}
