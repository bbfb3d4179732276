import type { ExecConfig, ExecInspect } from '#api';
import type { Answered } from './connection.ts';
import type { Transport } from './transport.ts';

/** How an exec is started; ConsoleSize is height, width. */
export interface ExecStart {
  Detach: boolean;
  Tty: boolean;
  ConsoleSize?: [number, number];
}

/** The routes of processes added to a running container. */
export class Execs {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  create(container: string, config: Partial<ExecConfig>): Promise<{ Id: string }> {
    const path = `/containers/${encodeURIComponent(container)}/exec`;
    return this.#transport.json({ method: 'POST', path, json: config });
  }

  start(id: string, json: ExecStart): Promise<void> {
    return this.#transport.send({ method: 'POST', path: `/exec/${id}/start`, json });
  }

  attach(id: string, json: ExecStart): Promise<Answered> {
    return this.#transport.hijack({ method: 'POST', path: `/exec/${id}/start`, json });
  }

  inspect(id: string): Promise<ExecInspect> {
    return this.#transport.json({ method: 'GET', path: `/exec/${id}/json` });
  }

  resize(id: string, query: { h: number; w: number }): Promise<void> {
    return this.#transport.send({ method: 'POST', path: `/exec/${id}/resize`, query });
  }
}
