import type { ImageConfig as ApiConfig, HistoryItem, ImageInspect } from '#api';
import { formatTime, ZERO_TIME } from '#api';
import type { Digest, ImageRunConfig } from '#oci';
import type { ImageRecord } from './record.ts';
import { parseTime, unixSeconds } from './record.ts';
import type { ImageRows } from './store.ts';

/** The API's answer to inspect, from the rows alone. */
export function inspectImage(image: ImageRecord): ImageInspect {
  const { config } = image;
  return {
    Id: image.id,
    RepoTags: [...image.repoTags],
    RepoDigests: [...image.repoDigests],
    Parent: image.parent,
    Comment: commentOf(image),
    ...(image.created !== undefined && { Created: formatTime(image.created) }),
    DockerVersion: config.dockerVersion,
    Author: config.author,
    Architecture: config.architecture || 'amd64',
    ...(config.variant && { Variant: config.variant }),
    Os: config.os || 'linux',
    ...(config.osVersion && { OsVersion: config.osVersion }),
    Size: image.size,
    GraphDriver: { Data: null, Name: 'overlay2' },
    RootFS: { Type: 'layers', ...(config.diffIds.length > 0 && { Layers: [...config.diffIds] }) },
    Metadata: { LastTagTime: image.lastTagged ?? ZERO_TIME },
    Config: inspectConfig(config.config),
  };
}

/** Docker: an image without a comment shows that of its last step. */
function commentOf({ config }: ImageRecord): string {
  return config.comment || (config.history.at(-1)?.comment ?? '');
}

/** An image's config in the API's order; what it does not set and Go marks `omitempty` is absent. */
function inspectConfig(config: ImageRunConfig): ApiConfig {
  const { Cmd, Entrypoint, Env, Labels, OnBuild, User, Volumes, WorkingDir } = config;
  return {
    ...(config.ArgsEscaped && { ArgsEscaped: true }),
    Cmd,
    Entrypoint,
    Env,
    ...(config.ExposedPorts && { ExposedPorts: config.ExposedPorts }),
    ...(config.Healthcheck && { Healthcheck: config.Healthcheck }),
    Labels,
    OnBuild,
    ...(config.Shell && { Shell: config.Shell }),
    ...(config.StopSignal && { StopSignal: config.StopSignal }),
    User,
    Volumes,
    WorkingDir,
  };
}

/** The steps that made an image, the last first. A step of an ancestor that is here has its id and names. */
export function historyOf(rows: ImageRows, image: ImageRecord): HistoryItem[] {
  let layer = 0;
  const items = image.config.history.map((step): HistoryItem => {
    const chainId = step.empty_layer ? undefined : image.layers[layer++];
    return {
      Comment: step.comment ?? '',
      Created: step.created ? unixSeconds(parseTime(step.created)) : 0,
      CreatedBy: step.created_by ?? '',
      Id: '<missing>',
      Size: chainId === undefined ? 0 : (rows.layerSize(chainId) ?? 0),
      Tags: null,
    };
  });
  items.reverse();
  let at: ImageRecord | undefined = image;
  for (const item of items) {
    if (!at) break;
    item.Id = at.id;
    item.Tags = at.repoTags.length > 0 ? [...at.repoTags] : null;
    at = at.parent ? rows.get(at.parent as Digest) : undefined;
  }
  return items;
}
