import { nowText } from './clock.ts';
import type { CommitRequest } from './commit-layer.ts';
import type { ImageRecord } from './record.ts';

interface Made {
  readonly diffIds: readonly string[];
  /** No layer was added. */
  readonly isEmpty: boolean;
  readonly version: string;
}

/** The config document of an image that was made of a container, with the fields and the order of Docker's. */
export function committedDocument(
  { config: parent }: ImageRecord,
  { config, containerConfig, container, author, comment }: CommitRequest,
  { diffIds, isEmpty, version }: Made,
): Buffer {
  const created = nowText();
  const step = {
    created,
    created_by: (containerConfig.Cmd ?? []).join(' '),
    ...(author && { author }),
    ...(comment && { comment }),
    ...(isEmpty && { empty_layer: true }),
  };
  const document = {
    architecture: parent.architecture,
    ...(author && { author }),
    config,
    container,
    container_config: containerConfig,
    created,
    docker_version: version,
    history: [...parent.history, step],
    os: parent.os,
    ...(parent.osVersion && { 'os.version': parent.osVersion }),
    rootfs: { type: 'layers', diff_ids: diffIds },
    ...(parent.variant && { variant: parent.variant }),
  };
  return Buffer.from(JSON.stringify(document));
}
