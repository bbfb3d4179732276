import type { Log } from '#log';

/** What the operator configured for registries; a reload may change it. */
export interface RegistrySettings {
  /** Mirrors of Docker Hub: URLs with a slash at their end. */
  readonly mirrors: readonly string[];
  /** Hosts with or without port, and subnets, that may speak plain HTTP or show any certificate. */
  readonly insecure: readonly string[];
  readonly proxies: Readonly<Record<'http' | 'https' | 'none', string>>;
  /** Layers of one engine that are downloaded at a time. */
  readonly downloads: number;
  readonly uploads: number;
  /** How often a layer is tried. */
  readonly attempts: number;
}

export interface RegistriesOptions {
  /** As they are now. */
  readonly settings: () => RegistrySettings;
  /** Folders with one folder a registry host: `ca.crt`, `client.cert`, `client.key`, `hosts.toml`. The first wins. */
  readonly hostFolders?: readonly string[];
  readonly log: Log;
  /** How long a registry may send nothing, in ms; half a minute when absent. */
  readonly stall?: number;
  /** How this engine names itself to registries. */
  readonly userAgent: string;
}

/** Docker's place, then ours. */
export const HOST_FOLDERS = ['/etc/gantry/certs.d', '/etc/docker/certs.d'] as const;
