import type { DiskUsage, Info, Version } from '#api';
import type { Body } from './body.ts';
import type { Transport } from './transport.ts';

/** Facts in the headers of a ping. */
export interface Ping {
  apiVersion: string;
  osType: string;
  experimental: boolean;
}

/** The routes about the daemon itself. */
export class System {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  async ping(): Promise<Ping> {
    const { headers, body } = await this.#transport.request({ method: 'HEAD', path: '/_ping' });
    body.cancel();
    return {
      apiVersion: headers['api-version'] ?? '1.24',
      osType: headers['ostype'] ?? '',
      experimental: headers['docker-experimental'] === 'true',
    };
  }

  info(): Promise<Info> {
    return this.#transport.json({ method: 'GET', path: '/info' });
  }

  version(): Promise<Version> {
    return this.#transport.json({ method: 'GET', path: '/version' });
  }

  /** What takes up the disk. */
  diskUsage(): Promise<DiskUsage> {
    return this.#transport.json({ method: 'GET', path: '/system/df' });
  }

  /**
   * Has all images checked, file by file when `deep`; problems as they are found, the report at the end. `registryConfig` is the
   * `X-Registry-Config` header.
   */
  async fsck(options: { dryRun: boolean; deep: boolean; registryConfig: string }): Promise<Body> {
    const query = { 'dry-run': options.dryRun ? '1' : '0', deep: options.deep ? '1' : '0' };
    const headers = { 'X-Registry-Config': options.registryConfig };
    return (await this.#transport.request({ method: 'POST', path: '/gantry/fsck', query, headers })).body;
  }

  /** The event stream: one JSON object a line. */
  async events(query: { since?: string; until?: string; filters?: string }): Promise<Body> {
    return (await this.#transport.request({ method: 'GET', path: '/events', query })).body;
  }
}
