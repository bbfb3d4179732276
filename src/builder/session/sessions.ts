import type { Duplex } from 'node:stream';
import { deadline } from '#async';
import { notFound } from '#errdefs';
import type { SessionFacts } from './session.ts';
import { Session } from './session.ts';

/** A build may be asked for before its client has opened its session. */
const WAIT_MS = 10_000;
const MAX_SESSIONS = 1000;

/** The sessions that are open. */
export class Sessions {
  readonly #open = new Map<string, Session>();
  readonly #awaited = new Map<string, PromiseWithResolvers<Session>>();

  /** Takes a connection that has become a session; resolves when it has ended. */
  async attach(facts: SessionFacts, connection: Duplex): Promise<void> {
    if (this.#open.size >= MAX_SESSIONS) {
      connection.destroy();
      return;
    }
    using session = new Session(facts, connection);
    this.#open.get(facts.id)?.[Symbol.dispose]();
    this.#open.set(facts.id, session);
    this.#awaited.get(facts.id)?.resolve(session);
    this.#awaited.delete(facts.id);
    await session.closed;
    if (this.#open.get(facts.id) === session) this.#open.delete(facts.id);
  }

  /** The session of this id, also one that is only about to come. */
  async get(id: string): Promise<Session> {
    const open = this.#open.get(id);
    if (open) return open;
    const awaited = this.#awaited.get(id) ?? Promise.withResolvers<Session>();
    this.#awaited.set(id, awaited);
    try {
      return await deadline(awaited.promise, WAIT_MS, `no active session for ${id}`);
    } catch {
      this.#awaited.delete(id);
      throw notFound(`no active session for ${id}: context deadline exceeded`);
    }
  }

  close(): void {
    for (const session of this.#open.values()) session[Symbol.dispose]();
  }
}
