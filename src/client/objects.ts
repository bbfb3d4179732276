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

/** Inspect routes of the remaining kinds of object. */
export class Objects {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** The inspect answer as the daemon wrote it. */
  async inspectText(kind: ObjectKind, name: string): Promise<string> {
    const path = `${paths[kind]}${encodeURIComponent(name)}${kind === 'plugin' ? '/json' : ''}`;
    return (await this.#transport.request({ method: 'GET', path })).body.text();
  }
}
