import type { Log } from '#log';
import type { Kernel } from './kernel/kernel.ts';

/** Asking for tracked flows costs the kernel 10 ms or more: those that can wait are asked for together. */
const PATIENCE = 1000;

/** Gathers addresses whose tracked flows must go, and has them deleted in one sweep at a time. */
export class FlowSweep {
  readonly #kernel: Kernel;
  readonly #log: Log;
  readonly #addresses = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #isSweeping = false;

  constructor(kernel: Kernel, log: Log) {
    this.#kernel = kernel;
    this.#log = log;
  }

  /** `isUrgent`: others were sent to these addresses by a published port, which may have a new owner at any moment. */
  forget(addresses: readonly string[], { isUrgent }: { isUrgent: boolean }): void {
    for (const address of addresses) this.#addresses.add(address);
    if (isUrgent) void this.#sweep();
    else this.#timer ??= setTimeout(() => void this.#sweep(), PATIENCE).unref();
  }

  /** An address that has a new owner is no longer for us to touch. */
  keep(address: string): void {
    this.#addresses.delete(address);
  }

  async #sweep(): Promise<void> {
    if (this.#isSweeping) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#isSweeping = true;
    try {
      while (this.#addresses.size > 0) {
        const addresses = [...this.#addresses];
        this.#addresses.clear();
        await this.#kernel.call('forgetFlows', { addresses });
      }
    } catch (error) {
      this.#log.warn('tracked flows could not be deleted', { error });
    } finally {
      this.#isSweeping = false;
    }
  }
}
