import { EngineError, internal } from '#errdefs';
import type { Log } from '#log';
import { PluginClient } from './client.ts';
import type { PluginFolders } from './discover.ts';
import { findPlugin, PLUGIN_FOLDERS, pluginNames } from './discover.ts';

/** How long a look at all plugins waits for one that does not answer. */
const SCAN_MS = 2_000;

interface Active {
  readonly client: PluginClient;
  readonly kinds: readonly string[];
}

/** The plugins of this host. */
export class Plugins {
  readonly #folders: PluginFolders;
  readonly #log: Log;
  readonly #active = new Map<string, Promise<Active>>();

  constructor({ folders = PLUGIN_FOLDERS, log }: { folders?: PluginFolders; log: Log }) {
    this.#folders = folders;
    this.#log = log;
  }

  /**
   * The client of the plugin of this name, which must implement `kind` (`authz`, `LogDriver`, …). Throws not-found when
   * none offers itself; what goes wrong in the handshake is tried again by the next call.
   */
  async get(name: string, kind: string): Promise<PluginClient> {
    let active: Active;
    try {
      active = await this.#activate(name);
    } catch (error) {
      if (error instanceof EngineError && error.kind === 'not-found') throw error;
      throw internal(`legacy plugin: ${(error as Error).message}`, error);
    }
    if (active.kinds.includes(kind)) return active.client;
    const asked = `plugin=${JSON.stringify(name)}, requested implementation=${JSON.stringify(kind)}`;
    throw internal(`legacy plugin: Plugin does not implement the requested driver: ${asked}`);
  }

  /** The names of all plugins that implement `kind` and answer now. */
  async implementing(kind: string): Promise<string[]> {
    const names = pluginNames(this.#folders);
    const found = names.map(async (name) => {
      try {
        const { kinds } = await this.#activate(name, SCAN_MS);
        return kinds.includes(kind) ? [name] : [];
      } catch (error) {
        this.#log.debug('a plugin does not answer', { plugin: name, error });
        return [];
      }
    });
    return (await Promise.all(found)).flat().sort();
  }

  #activate(name: string, timeout?: number): Promise<Active> {
    const known = this.#active.get(name);
    if (known) return known;
    const activation = this.#handshake(name, timeout);
    this.#active.set(name, activation);
    activation.catch(() => this.#active.delete(name));
    return activation;
  }

  /** With a timeout it is a look, which does not wait for a plugin that is about to start. */
  async #handshake(name: string, timeout?: number): Promise<Active> {
    const client = new PluginClient(name, findPlugin(name, this.#folders), this.#log);
    const options = timeout === undefined ? {} : { timeout, retry: false };
    const { Implements } = await client.call<{ Implements?: unknown }>('Plugin.Activate', null, options);
    const kinds = Array.isArray(Implements) ? Implements.filter((kind) => typeof kind === 'string') : [];
    return { client, kinds };
  }
}
