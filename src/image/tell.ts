import type { Digest } from '#oci';
import type { ImageDeps } from './deps.ts';

/** Records an event of an image in the transaction; its attributes are the image's labels and `name`. */
export function tell(
  { rows, events }: Pick<ImageDeps, 'rows' | 'events'>,
  action: string,
  id: Digest,
  name: string,
): void {
  const labels = rows.get(id)?.config.config.Labels ?? {};
  events.record('image', action, { ID: id, Attributes: { ...labels, name } });
}

/** Docker: the names of an image's events are its id, save for `tag`. The image may be gone: then there are no labels. */
export function tellOf(deps: Pick<ImageDeps, 'rows' | 'events'>, action: string, id: Digest): void {
  tell(deps, action, id, id);
}
