import type { BuildStage, StageImage } from '#dockerfile';
import type { LayerRef } from '#image';
import type { HistoryEntry, ImageRunConfig } from '#oci';
import { INLINE_CACHE } from '#oci';

/** A stage that is built. */
export interface BuiltStage {
  readonly stage: BuildStage;
  readonly layers: readonly LayerRef[];
  /** For each of its steps and those of the stages below it: whether it added a layer. */
  readonly added: readonly boolean[];
  /** What its entries of history say; seconds since the epoch. */
  readonly created: number;
  /** The records of a build cache, in base64. */
  readonly inlineCache?: string;
}

/** The config document of an image, with the fields and the order of BuildKit's. The same image is the same bytes. */
export function imageDocument({ stage, layers, added, created, inlineCache }: BuiltStage): Buffer {
  const { platform, author, config, history } = stage.image;
  const time = new Date(created * 1000).toISOString().replace('.000Z', 'Z');
  const document = {
    architecture: platform.architecture,
    ...(author && { author }),
    config: runConfig(config),
    created: time,
    history: historyOf(history, added, time),
    ...(inlineCache && { [INLINE_CACHE]: inlineCache }),
    os: platform.os,
    rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
    ...(platform.variant && { variant: platform.variant }),
  };
  return Buffer.from(JSON.stringify(document));
}

/** Entries of this build have no time yet; those that say they add a layer, and added none, say so. */
function historyOf(history: StageImage['history'], added: readonly boolean[], created: string): HistoryEntry[] {
  let step = 0;
  return history.map((entry) => {
    if (entry.created !== undefined) return entry;
    const isEmpty = entry.empty_layer || added[step++] === false;
    const { created_by, comment, author } = entry;
    return {
      created,
      ...(created_by && { created_by }),
      ...(author && { author }),
      ...(comment && { comment }),
      ...(isEmpty && { empty_layer: true }),
    };
  });
}

/** Go's order of fields; what is empty has none. */
function runConfig(config: ImageRunConfig): object {
  const { User, ExposedPorts, Env, Entrypoint, Cmd, Healthcheck, ArgsEscaped, Volumes, WorkingDir } = config;
  const { OnBuild, Labels, StopSignal, Shell } = config;
  return {
    ...(User && { User }),
    ...(ExposedPorts && { ExposedPorts: sorted(ExposedPorts) }),
    ...(Env && { Env }),
    ...(Entrypoint && { Entrypoint }),
    ...(Cmd && { Cmd }),
    ...(Healthcheck && { Healthcheck }),
    ...(ArgsEscaped && { ArgsEscaped }),
    ...(Volumes && { Volumes: sorted(Volumes) }),
    ...(WorkingDir && { WorkingDir }),
    ...(OnBuild?.length && { OnBuild }),
    ...(Labels && Object.keys(Labels).length > 0 && { Labels: sorted(Labels) }),
    ...(StopSignal && { StopSignal }),
    ...(Shell && { Shell }),
  };
}

function sorted<T>(map: Record<string, T>): Record<string, T> {
  const names = Object.keys(map).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  return Object.fromEntries(names.map((name) => [name, map[name]!]));
}
