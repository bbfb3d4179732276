import { invalid } from '#errdefs';
import { resolveUser } from '#runtime';
import type { Owner } from '#snapshot';
import type { BuildDeps } from '../deps.ts';

/** Account files of an image that are longer are not read. */
const ACCOUNTS_BYTES = 1024 * 1024;

/** The account files of a step's file system. */
export async function accountsOf({ snapshots }: Pick<BuildDeps, 'snapshots'>, key: string) {
  const [passwd, group] = await Promise.all([
    snapshots.readFromSnapshot(key, '/etc/passwd', ACCOUNTS_BYTES),
    snapshots.readFromSnapshot(key, '/etc/group', ACCOUNTS_BYTES),
  ]);
  return {
    ...(passwd ? { passwd: passwd.toString('utf8') } : {}),
    ...(group ? { group: group.toString('utf8') } : {}),
  };
}

/** Whose files become with `--chown`; a group that is not named has the user's number. */
export async function ownerOf(deps: Pick<BuildDeps, 'snapshots'>, key: string, chown: string): Promise<Owner> {
  const numbers = /^(\d+)(?::(\d+))?$/.exec(chown);
  if (numbers) return checked({ uid: Number(numbers[1]), gid: Number(numbers[2] ?? numbers[1]) });
  const { uid, gid } = resolveUser(chown, await accountsOf(deps, key)).user;
  return { uid, gid };
}

function checked(owner: Owner): Owner {
  const most = 2 ** 31 - 1;
  if (owner.uid > most || owner.gid > most) throw invalid(`uids and gids must be in range 0-${most}`);
  return owner;
}
