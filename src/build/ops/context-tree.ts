import type { ActionDigest, CopyAction } from '#snapshot';
import type { Context } from '../context.ts';
import type { BuildInputs, ContextFolder } from '../inputs.ts';

/** The build context of one build: fetched when the first step needs it, and what copies would take of it. */
export class ContextTree {
  readonly #context: Pick<Context, 'snapshots'>;
  readonly #inputs: BuildInputs;
  readonly #signal: AbortSignal;
  #folder: Promise<ContextFolder> | undefined;
  readonly #digests = new Map<string, Promise<ActionDigest>>();
  #waiting: { action: CopyAction; resolve: (digest: ActionDigest) => void; reject: (error: unknown) => void }[] = [];

  constructor(context: Pick<Context, 'snapshots'>, inputs: BuildInputs, signal: AbortSignal) {
    this.#context = context;
    this.#inputs = inputs;
    this.#signal = signal;
  }

  folder(): Promise<ContextFolder> {
    this.#folder ??= this.#inputs.context({ paths: undefined });
    return this.#folder;
  }

  /** What a copy would take; those that are asked for together are looked at together. */
  digest(action: CopyAction): Promise<ActionDigest> {
    const key = JSON.stringify(action);
    let found = this.#digests.get(key);
    if (!found) {
      found = new Promise((resolve, reject) => {
        this.#waiting.push({ action, resolve, reject });
        if (this.#waiting.length === 1) void this.folder().then(() => setImmediate(() => this.#look()), reject);
      });
      this.#digests.set(key, found);
    }
    return found;
  }

  async #look(): Promise<void> {
    const asked = this.#waiting;
    this.#waiting = [];
    try {
      const place = await this.folder();
      const { folder, files } = place;
      const actions = asked.map(({ action }) => inContext(place, action));
      const found = await this.#context.snapshots.digests({ folder, known: files }, actions, { signal: this.#signal });
      for (const [i, { resolve }] of asked.entries()) resolve(found[i]!);
    } catch (error) {
      for (const { reject } of asked) reject(error);
    }
  }
}

/** A copy leaves out what does not count of a context. What is root's is the owner's where the context has owners. */
export function inContext({ excludes, hasOwners }: ContextFolder, { owner, ...action }: CopyAction): CopyAction {
  return { ...action, ...(owner && !hasOwners && { owner }), excludes: [...excludes, ...action.excludes] };
}
