import type { WorkdirEffect } from '#dockerfile';
import { resolveUser } from '#runtime';
import { accountsOf } from './accounts.ts';
import type { StepWork } from './step-work.ts';

/** Makes the working directory, the user's of the moment. */
export async function workdir({ context, key, signal }: StepWork, { path, user }: WorkdirEffect): Promise<void> {
  if (context.snapshots.hasDirectory(key, path)) return;
  const found = user === '' ? undefined : resolveUser(user, await accountsOf(context, key)).user;
  const owner = found && { owner: { uid: found.uid, gid: found.gid } };
  const action = { do: 'directory' as const, path: Buffer.from(path).toString('latin1'), ...owner };
  await context.snapshots.compose(key, { source: undefined, actions: [action] }, { signal });
}
