import { pushTarget } from '../options/reference.ts';
import { showProgress } from '../output/progress.ts';
import { registryAuth } from '../registry/credentials.ts';
import type { Session } from '../session.ts';

/** Pushes one name with the user's credentials, and tells on standard error how it goes. */
export async function pushName(session: Session, operand: string, quiet: boolean): Promise<void> {
  const { name, tag } = pushTarget(operand);
  const body = await session.client.images.push(name, { tag: tag || 'latest' }, registryAuth(session, name));
  await showProgress(body, quiet ? undefined : { write: (text) => session.err(text), fd: 2 });
}
