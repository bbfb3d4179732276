import { invalid } from '#errdefs';
import type { OciUser } from '#oci';

const MAX_ID = 2 ** 31 - 1;
/** Account files of an image are hostile: what lies behind these bounds is not read. */
const MAX_LINES = 10_000;
const MAX_BYTES = 1024 * 1024;
const RANGE = `uids and gids must be in range 0-${MAX_ID}`;

export interface Accounts {
  readonly passwd?: string;
  readonly group?: string;
}

export interface ResolvedUser {
  readonly user: Required<OciUser>;
  /** '/' for an account without an entry. */
  readonly home: string;
}

interface Account {
  name: string;
  uid: number;
  gid: number;
  home: string;
}
interface Group {
  name: string;
  gid: number;
  members: string[];
}

/**
 * Resolves `user`, `user:group`, `uid`, `uid:gid` against the image's account files. All digits are a number, never a
 * name; numbers are 0 to 2^31−1. `groupAdd` (names or numbers) joins the additional groups; nothing is inherited.
 */
export function resolveUser(spec: string, accounts: Accounts, groupAdd: readonly string[] = []): ResolvedUser {
  const [userArg = '', groupArg = ''] = spec.split(':');
  const groups = parseGroup(accounts.group ?? '');
  const account = findAccount(userArg, parsePasswd(accounts.passwd ?? ''));
  const gid = groupArg === '' ? account.gid : findGroup(groupArg, groups);
  const memberOf =
    groupArg === '' && account.name !== ''
      ? groups.filter((group) => group.members.includes(account.name)).map((group) => group.gid)
      : [];
  // Docker: the primary group comes first among the additional ones (CVE-2022-36109).
  const additionalGids = [...new Set([gid, ...memberOf, ...groupAdd.map((name) => findGroup(name, groups))])];
  for (const id of [account.uid, ...additionalGids]) if (!(id >= 0 && id <= MAX_ID)) throw invalid(RANGE);
  return { user: { uid: account.uid, gid, additionalGids }, home: account.home || '/' };
}

function findAccount(arg: string, accounts: Account[]): Account {
  const uid = arg === '' ? 0 : number(arg);
  const found = accounts.find((entry) => (uid === undefined ? entry.name === arg : entry.uid === uid));
  if (found) return found;
  if (uid === undefined) throw invalid(`unable to find user ${arg}: no matching entries in passwd file`);
  return { name: '', uid, gid: 0, home: '/' };
}

function findGroup(arg: string, groups: Group[]): number {
  const gid = number(arg);
  if (gid !== undefined) return gid;
  const found = groups.find((entry) => entry.name === arg);
  if (!found) throw invalid(`unable to find group ${arg}: no matching entries in group file`);
  return found.gid;
}

/** Go's Atoi: an optional sign and digits. Out of range is kept, so that the range check refuses it. */
function number(text: string): number | undefined {
  return /^[+-]?[0-9]+$/.test(text) ? Number(text) : undefined;
}

function lines(text: string): string[] {
  const bounded = text.length > MAX_BYTES ? text.slice(0, MAX_BYTES) : text;
  return bounded
    .split('\n', MAX_LINES)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
}

function parsePasswd(text: string): Account[] {
  return lines(text).map((line) => {
    const [name = '', , uid = '', gid = '', , home = ''] = line.split(':');
    return { name, uid: number(uid) ?? 0, gid: number(gid) ?? 0, home };
  });
}

function parseGroup(text: string): Group[] {
  return lines(text).map((line) => {
    const [name = '', , gid = '', members = ''] = line.split(':');
    return { name, gid: number(gid) ?? 0, members: members.split(',') };
  });
}
