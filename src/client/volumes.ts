import type { Volume, VolumeListResponse, VolumePruneReport } from '#api';
import type { Transport } from './transport.ts';

/** The volume routes. */
export class Volumes {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  list(filters?: string): Promise<VolumeListResponse> {
    return this.#transport.json({ method: 'GET', path: '/volumes', query: { filters } });
  }

  create(body: { Name?: string; Driver: string; DriverOpts: object; Labels: object }): Promise<Volume> {
    return this.#transport.json({ method: 'POST', path: '/volumes/create', json: body });
  }

  remove(name: string, query: { force?: boolean }): Promise<void> {
    return this.#transport.send({ method: 'DELETE', path: `/volumes/${encodeURIComponent(name)}`, query });
  }

  prune(filters?: string): Promise<VolumePruneReport> {
    return this.#transport.json({ method: 'POST', path: '/volumes/prune', query: { filters } });
  }
}
