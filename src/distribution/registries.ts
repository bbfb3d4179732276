import { forbidden } from '#errdefs';
import type { Reference } from '#oci';
import type { Credentials } from './credentials.ts';
import type { Capability, Endpoint } from './endpoint.ts';
import { endpointsOf } from './endpoint.ts';
import { readHostsFile } from './hosts-file.ts';
import { Remote } from './remote.ts';
import type { RegistriesOptions, RegistrySettings } from './settings.ts';
import { HOST_FOLDERS } from './settings.ts';
import { Tokens } from './tokens.ts';
import { Wire } from './wire.ts';

/** Who asks a registry for what. */
export interface Access {
  /** What token servers are asked for: `pull`, or `pull` and `push`. */
  readonly actions: readonly ('pull' | 'push' | 'delete')[];
  readonly credentials?: Credentials;
  readonly signal?: AbortSignal;
  /** Told before a wait that the registry asked for (429). */
  readonly onWait?: (seconds: number) => void;
}

/** Every registry that this engine may talk to: where each is, how it is trusted, who may see which secret. */
export class Registries {
  readonly #options: RegistriesOptions;
  readonly #tokens = new Tokens();

  constructor(options: RegistriesOptions) {
    this.#options = options;
  }

  get settings(): RegistrySettings {
    return this.#options.settings();
  }

  /** Where the repositories of a registry may be found, in the order of asking. */
  endpoints(registry: string): Endpoint[] {
    return endpointsOf(registry, this.settings, readHostsFile(this.#folders, registry));
  }

  /** A repository (or with '' the registry itself) at this endpoint; nothing is sent yet. */
  remote(endpoint: Endpoint, path: string, access: Access): Remote {
    const { userAgent } = this.#options;
    const { insecure } = this.settings;
    const name = path && endpoint.rewrite(path);
    return new Remote({
      wire: new Wire(endpoint, this.settings, { folders: this.#folders, stall: this.#options.stall }),
      endpoint,
      path: name,
      // Docker shows the registry's credentials to its mirrors too; nobody meant those for them.
      credentials: endpoint.isMirror ? {} : (access.credentials ?? {}),
      scopes: name === '' ? [] : [`repository:${name}:${access.actions.join(',')}`],
      tokens: this.#tokens,
      insecure,
      userAgent,
      ...(access.onWait && { onWait: access.onWait }),
    });
  }

  /**
   * Does the work at the first endpoint where it succeeds: mirrors, then the registry by HTTPS, and by plain HTTP when that
   * is allowed and HTTPS is not there. The last failure is thrown. The work's remote is closed when it has ended.
   */
  async use<T>(
    { domain, path }: Pick<Reference, 'domain' | 'path'>,
    access: Access,
    work: (remote: Remote) => Promise<T>,
  ): Promise<T> {
    const needs: Capability = access.actions.includes('push') ? 'push' : 'pull';
    const endpoints = this.endpoints(domain).filter((endpoint) => endpoint.can(needs));
    let failure: unknown = forbidden(`no host that ${domain} is reached by may be used to ${needs}`);
    for (const endpoint of endpoints) {
      using remote = this.remote(endpoint, path, access);
      let isThere = false;
      try {
        await remote.ping(access.signal);
        isThere = true;
        return await work(remote);
      } catch (error) {
        access.signal?.throwIfAborted();
        failure = error;
        if (isThere && !endpoint.isMirror) break;
        this.#options.log.debug('registry endpoint passed over', {
          endpoint: endpoint.base.href,
          reason: (error as Error).message,
        });
      }
    }
    throw failure;
  }

  get tokens(): Tokens {
    return this.#tokens;
  }

  get userAgent(): string {
    return this.#options.userAgent;
  }

  get #folders(): readonly string[] {
    return this.#options.hostFolders ?? HOST_FOLDERS;
  }
}
