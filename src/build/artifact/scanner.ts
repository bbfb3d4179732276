import { invalid, notImplemented } from '#errdefs';
import { canonicalString, parseReference, withDefaultTag } from '#oci';
import type { Build } from '../build.ts';
import { accessOf } from '../cache/source.ts';
import { asVertex } from '../cache/vertex.ts';
import type { Context } from '../context.ts';

/** Finds the image that would list what is in an image; what cannot be had is told with BuildKit's words. */
export async function findScanner({ images }: Context, build: Build, scanner: string): Promise<never> {
  const reference = withDefaultTag(parseReference(scanner));
  const name = canonicalString(reference);
  await asVertex(build.events, `resolve image config for docker-image://${name}`, async () => {
    if (images.idOf(name) !== undefined) return;
    const { credentials = {} } = await accessOf(reference, build);
    try {
      for await (const { error } of images.pull(name, '', { credentials, signal: build.signal })) {
        if (error) throw new Error(error);
      }
    } catch (error) {
      build.signal.throwIfAborted();
      throw invalid(`failed to resolve source metadata for ${name}: ${(error as Error).message}`, error);
    }
  });
  throw notImplemented(`scanning an image with ${name} is not supported yet`);
}
