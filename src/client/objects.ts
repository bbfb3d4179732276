import type { Transport } from './transport.ts';

/** Kinds of object that have a plain inspect route, and where. */
const paths = {
  network: '/networks/',
  volume: '/volumes/',
  node: '/nodes/',
  service: '/services/',
  task: '/tasks/',
  plugin: '/plugins/',
  secret: '/secrets/',
  config: '/configs/',
} as const;

/** A kind of object besides containers and images. */
export type ObjectKind = keyof typeof paths;

/** Routes that the remaining kinds of object share. */
export class Objects {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Removes what nobody uses; the report says what, under a key of the kind's own. */
  prune<Report>(kind: 'network' | 'build', filters?: string): Promise<Report> {
    const path = kind === 'build' ? '/build/prune' : `${paths[kind]}prune`;
    return this.#transport.json({ method: 'POST', path, query: { filters } });
  }

  /** The inspect answer as the daemon wrote it. */
  async inspectText(kind: ObjectKind, name: string): Promise<string> {
    const path = `${paths[kind]}${encodeURIComponent(name)}${kind === 'plugin' ? '/json' : ''}`;
    return (await this.#transport.request({ method: 'GET', path })).body.text();
  }
}
