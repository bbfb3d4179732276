import type { Address } from './address.ts';
import { Builds } from './build/builds.ts';
import { Containers } from './containers.ts';
import { Execs } from './execs.ts';
import { Files } from './files.ts';
import { Images } from './images.ts';
import { Networks } from './networks.ts';
import { Objects } from './objects.ts';
import { Registries } from './registries.ts';
import { System } from './system.ts';
import { Transport } from './transport.ts';
import { Volumes } from './volumes.ts';

/** A client of one daemon: its resources, each with its routes. */
export class Client {
  readonly transport: Transport;
  readonly builds: Builds;
  readonly containers: Containers;
  readonly execs: Execs;
  readonly files: Files;
  readonly images: Images;
  readonly networks: Networks;
  readonly registries: Registries;
  readonly objects: Objects;
  readonly system: System;
  readonly volumes: Volumes;

  constructor(address: Address, options: { version?: string; headers?: Record<string, string> } = {}) {
    this.transport = new Transport(address, options);
    this.builds = new Builds(this.transport);
    this.containers = new Containers(this.transport);
    this.execs = new Execs(this.transport);
    this.files = new Files(this.transport);
    this.images = new Images(this.transport);
    this.networks = new Networks(this.transport);
    this.registries = new Registries(this.transport);
    this.objects = new Objects(this.transport);
    this.system = new System(this.transport);
    this.volumes = new Volumes(this.transport);
  }
}
