import type { Acknowledged } from '../harness/invariants.ts';

/** What the clients of a scenario were told, kept current call by call; reading it after a crash is reading the truth. */
export class Told {
  readonly #containers = new Map<string, Acknowledged>();

  created(id: string, name: string): void {
    this.#containers.set(id, { id, names: [name] });
  }

  /** From the request on it may have either name. */
  renaming(id: string, name: string): void {
    const before = this.#containers.get(id)!;
    this.#containers.set(id, { ...before, names: [...before.names, name] });
  }

  renamed(id: string, name: string): void {
    this.#containers.set(id, { ...this.#containers.get(id)!, names: [name] });
  }

  /** It was told to run, its pid is not known yet. */
  started(id: string): void {
    this.#containers.set(id, { ...this.#containers.get(id)!, isRunning: true });
  }

  running(id: string, pid: number): void {
    this.#containers.set(id, { ...this.#containers.get(id)!, isRunning: true, pid });
  }

  /** From its start on it fails and is brought back by its policy, until it is removed. */
  restless(id: string): void {
    this.#containers.set(id, { ...this.#containers.get(id)!, isRestless: true });
  }

  /** From the request to stop until it is told, the workload may be in either state. */
  stopping(id: string): void {
    const { names } = this.#containers.get(id)!;
    this.#containers.set(id, { id, names });
  }

  /** From the request to remove on, the container may be gone or not. */
  removing(id: string): void {
    this.#containers.delete(id);
  }

  list(): Acknowledged[] {
    return [...this.#containers.values()];
  }
}
