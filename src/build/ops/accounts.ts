import { EngineError, invalid } from '#errdefs';
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
  const accounts = await accountsOf(deps, key);
  const [user = '', group] = chown.split(':');
  const find = (spec: string) => known(() => resolveUser(spec, accounts).user);
  const { uid, gid } = /^\d+$/.test(user)
    ? { uid: Number(user), gid: Number(user) }
    : (find(user) ?? { uid: 0, gid: 0 });
  const named = group ? find(`0:${group}`)?.gid : undefined;
  return checked({ uid, gid: named ?? gid });
}

/** Docker: a user that the image does not know is root, and a group that it does not know is the user's. */
function known<T>(find: () => T): T | undefined {
  try {
    return find();
  } catch (error) {
    if (error instanceof EngineError && error.message.startsWith('unable to find ')) return undefined;
    throw error;
  }
}

function checked(owner: Owner): Owner {
  const most = 2 ** 31 - 1;
  if (owner.uid > most || owner.gid > most) throw invalid(`uids and gids must be in range 0-${most}`);
  return owner;
}
