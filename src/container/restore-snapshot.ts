import { isKind, notFound } from '#errdefs';
import { failpoint } from '#sys';
import type { Context } from './context.ts';
import type { Container } from './record.ts';
import { storageSize } from './storage-size.ts';

/** Docker: programs know by this file that they are in a container. */
export const ENGINE_MARKS = ['.dockerenv'];

/**
 * Makes the writable tree of a container anew when a power cut took it: the record is on the disk before a create is
 * acknowledged, fresh directories may reach it seconds later. What had been written there is lost with the page cache.
 */
export async function restoreSnapshot({ snapshots, images, log }: Context, container: Container): Promise<void> {
  const { id, imageId, operation, spec } = container;
  if (operation?.verb === 'create' || operation?.verb === 'remove' || isWhole(snapshots, id)) return;
  log.warn('a container had lost its directories', { container: id });
  try {
    const image = images.get(imageId);
    if (!image) throw notFound(`No such image: ${imageId}`);
    await snapshots.prepare(id, [...image.layers], {
      marks: ENGINE_MARKS,
      size: storageSize(spec.hostConfig),
    });
    failpoint('container.recover.snapshot-restored');
  } catch (error) {
    log.warn('a container has lost its files', { container: id, error });
  }
}

function isWhole(snapshots: Context['snapshots'], id: string): boolean {
  try {
    snapshots.mounts(id);
    return true;
  } catch (error) {
    if (isKind(error, 'not-found')) return false;
    throw error;
  }
}
