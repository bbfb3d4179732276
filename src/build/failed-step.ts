import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { delay } from '#async';
import type { BuildStage, Step } from '#dockerfile';
import { isKind } from '#errdefs';
import type { LayerRef } from '#image';
import type { Digest } from '#oci';
import { digestOf } from '#oci';
import { failpoint } from '#sys';
import type { Context } from './context.ts';

/** The files of a step at the moment it failed, as an image without a name that runs a shell as the step would have. */
export interface FailedStep {
  readonly image: Digest;
}

interface Failed {
  /** Its snapshot. */
  readonly id: string;
  readonly layers: readonly LayerRef[];
  readonly step: Step;
  readonly stage: BuildStage;
  readonly commit: Pick<ReturnType<Context['snapshots']['prepareCommit']>, 'write'>;
  readonly signal: AbortSignal;
}

type Keeping = Pick<Context, 'folder' | 'images'>;

/** What a killed daemon had kept is known by these. */
const folderOf = ({ folder }: Pick<Keeping, 'folder'>): string => join(folder, 'failed');

/** Makes the image; whoever asked for it has it removed by {@link forgetFailed}. */
export async function keepFailed(context: Keeping, failed: Failed): Promise<FailedStep> {
  const { images } = context;
  const { layers, commit, signal } = failed;
  let added: LayerRef | undefined;
  await using stack = new AsyncDisposableStack();
  await images.addLayer({
    below: layers,
    signal,
    write: (output) => commit.write(output),
    record: (layer) => {
      added = layer;
      if (layer) stack.use(images.keep([layer]));
    },
  });
  const all = added ? [...layers, added] : layers;
  const document = documentOf(failed, all);
  const image = digestOf(document);
  mkdirSync(folderOf(context), { recursive: true, mode: 0o700 });
  writeFileSync(join(folderOf(context), image.replace('sha256:', '')), '');
  failpoint('build.failed.marked');
  await images.assemble({ document, layers: all, references: [] });
  failpoint('build.failed.kept');
  return { image };
}

/** The id of the step's snapshot is in it, so that it is no image of anybody else's. */
function documentOf({ id, step, stage }: Failed, layers: readonly LayerRef[]): Buffer {
  const { effect } = step;
  const { platform, config } = stage.image;
  const [shell = '', flag] = effect.kind === 'run' ? effect.args : [];
  const run = effect.kind === 'run' ? effect : undefined;
  return Buffer.from(
    JSON.stringify({
      architecture: platform.architecture,
      config: {
        User: run?.user ?? config.User ?? '',
        Env: run?.env ?? config.Env ?? [],
        Cmd: [flag === '-c' ? shell : '/bin/sh'],
        WorkingDir: run?.workdir ?? config.WorkingDir ?? '/',
        Labels: { 'gantry.failed-step': id },
      },
      created: new Date().toISOString(),
      os: platform.os,
      rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
      ...(platform.variant && { variant: platform.variant }),
    }),
  );
}

const [FIRST_MS, MOST_MS, TRIES] = [200, 10_000, 60];

/** Removes such an image, as soon as no container uses it. What is still used after a long time, a next start removes. */
export async function forgetFailed(context: Keeping, image: Digest): Promise<void> {
  for (let n = 0, wait = FIRST_MS; n < TRIES; n++, wait = Math.min(wait * 2, MOST_MS)) {
    try {
      await context.images.remove(image, { force: true, noprune: false });
    } catch (error) {
      if (isKind(error, 'conflict')) {
        await delay(wait);
        continue;
      }
      if (!isKind(error, 'not-found')) throw error;
    }
    rmSync(join(folderOf(context), image.replace('sha256:', '')), { force: true });
    failpoint('build.failed.forgotten');
    return;
  }
}

/** Start-up: what a killed daemon had kept goes. */
export async function forgetAllFailed(context: Keeping): Promise<void> {
  mkdirSync(folderOf(context), { recursive: true, mode: 0o700 });
  for (const name of readdirSync(folderOf(context))) await forgetFailed(context, `sha256:${name}`);
}
