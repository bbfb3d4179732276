import { Secrets } from '#buildkit';
import { RpcError } from '#grpc';
import type { Session } from './session.ts';

/** A client's secret; undefined when it has none of this id. */
export async function readSecret(
  { session, signal }: { readonly session: Session; readonly signal: AbortSignal },
  id: string,
): Promise<Uint8Array | undefined> {
  if (!session.serves(Secrets.get)) return undefined;
  return (await absentWhenNotFound(session.ask(Secrets.get, { id }, signal)))?.data;
}

/** What a client does not have, or does not know of, is absent. */
export async function absentWhenNotFound<T>(asking: Promise<T>): Promise<T | undefined> {
  try {
    return await asking;
  } catch (error) {
    if (error instanceof RpcError && (error.code === 'not-found' || error.code === 'unimplemented')) return undefined;
    throw error;
  }
}
