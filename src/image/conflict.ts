import type { EngineError } from '#errdefs';
import { conflict } from '#errdefs';
import type { Digest } from '#oci';
import { parseReference, shortId } from '#oci';
import type { ImageDeps } from './deps.ts';

/** Why an image cannot be deleted; `used`: a container needs it. */
export interface Conflict {
  readonly error: EngineError;
  readonly used: boolean;
}

export interface ConflictScope {
  /** Also what `force` overrides: names, stopped containers. */
  readonly soft: boolean;
  /** Names are not in the way: they are about to be removed. */
  readonly ignoreNames?: boolean;
}

/** What stands against deleting an image, the hardest first; Docker's texts. */
export function deleteConflict(deps: ImageDeps, id: Digest, scope: ConflictScope): Conflict | undefined {
  const users = deps.usage.containersUsing(id);
  if (deps.rows.children(id).length > 0) return hard(id, 'image has dependent child images', false);
  const running = users.find((user) => user.running);
  if (running) return hard(id, `image is being used by running container ${shortId(running.id)}`, true);
  if (!scope.soft) return undefined;
  if (!scope.ignoreNames && deps.rows.names(id).length > 0) {
    return soft(id, 'image is referenced in multiple repositories', false);
  }
  const stopped = users.find((user) => !user.running);
  return stopped && soft(id, `image is being used by stopped container ${shortId(stopped.id)}`, true);
}

const hard = (id: Digest, why: string, used: boolean) => unable(id, 'cannot be forced', why, used);
const soft = (id: Digest, why: string, used: boolean) => unable(id, 'must be forced', why, used);

function unable(id: Digest, how: string, why: string, used: boolean): Conflict {
  return { error: conflict(`conflict: unable to delete ${shortId(id)} (${how}) - ${why}`), used };
}

/** Whether these long names are one name as users see it: at most one tag, and digests of its repository only. */
export function isSingleName(names: readonly string[]): boolean {
  if (names.length <= 1) return true;
  const references = names.map(parseReference);
  const tags = references.filter((reference) => reference.digest === undefined);
  if (tags.length > 1) return false;
  const digests = references.filter((reference) => reference.digest !== undefined);
  const repositories = new Set(digests.map(({ domain, path }) => `${domain}/${path}`));
  const { domain, path } = tags[0] ?? references[0]!;
  return repositories.size === 1 && repositories.has(`${domain}/${path}`);
}
