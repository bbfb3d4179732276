import { existsSync, readFileSync } from 'node:fs';
import type { Address, TlsOptions } from '#client';
import { Client, defaultHost, parseAddress } from '#client';
import { writeAll } from './output/write.ts';

/** The keys of Docker's config.json that we follow. */
export interface Config {
  detachKeys?: string;
  psFormat?: string;
  imagesFormat?: string;
  statsFormat?: string;
  HttpHeaders?: Record<string, string>;
  proxies?: Record<string, Record<string, string>>;
}

/** The flags before the command. */
export interface Globals {
  hosts: string[];
  configDir?: string;
  debug: boolean;
  tls?: TlsOptions;
}

/** One invocation of the program: its name, its surroundings, and the client, made when first asked for. */
export class Session {
  readonly program: string;
  readonly env: NodeJS.ProcessEnv;
  readonly globals: Globals;
  #client: Client | undefined;
  #config: Config | undefined;

  constructor(program: string, env: NodeJS.ProcessEnv, globals: Globals) {
    this.program = program;
    this.env = env;
    this.globals = globals;
  }

  get client(): Client {
    this.#client ??= this.#connect();
    return this.#client;
  }

  /** Where the user keeps the client's configuration: Docker's own place. */
  get configDir(): string {
    return this.globals.configDir ?? (this.env['DOCKER_CONFIG'] || `${this.env['HOME'] || '/root'}/.docker`);
  }

  /** The user's config.json; empty when there is none. */
  get config(): Config {
    this.#config ??= readConfig(`${this.configDir}/config.json`);
    return this.#config;
  }

  /** Writes to standard output. */
  out(text: string | Uint8Array): void {
    writeAll(1, text);
  }

  /** Writes to standard error. */
  err(text: string | Uint8Array): void {
    writeAll(2, text);
  }

  #connect(): Client {
    const { hosts, tls } = this.globals;
    if (hosts.length > 1) throw new Error(`${unresolved}Specify only one -H`);
    const host = hosts[0] || this.env['GANTRY_HOST'] || this.env['DOCKER_HOST'] || defaultHost();
    const version = this.env['DOCKER_API_VERSION'];
    const headers = this.config.HttpHeaders;
    return new Client(resolve(host, tls ?? this.#tlsFromEnv()), {
      ...(version && { version }),
      ...(headers && { headers }),
    });
  }

  #tlsFromEnv(): TlsOptions | undefined {
    if (!this.env['DOCKER_TLS_VERIFY'] && !this.env['DOCKER_TLS']) return undefined;
    const dir = this.env['DOCKER_CERT_PATH'] || this.configDir;
    const verify = Boolean(this.env['DOCKER_TLS_VERIFY']);
    return { ca: `${dir}/ca.pem`, cert: `${dir}/cert.pem`, key: `${dir}/key.pem`, verify };
  }
}

const unresolved = 'Failed to initialize: unable to resolve docker endpoint: ';

function resolve(host: string, tls: TlsOptions | undefined): Address {
  try {
    return parseAddress(host, tls);
  } catch (error) {
    throw new Error(`${unresolved}${(error as Error).message}`);
  }
}

function readConfig(path: string): Config {
  if (!existsSync(path)) return {};
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Config;
  } catch (error) {
    writeAll(2, `WARNING: Error loading config file: ${path}: ${(error as Error).message}\n`);
    return {};
  }
}
