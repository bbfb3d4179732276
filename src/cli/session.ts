import { existsSync, readFileSync } from 'node:fs';
import type { Address, TlsOptions } from '#client';
import { Client, defaultHost, parseAddress } from '#client';
import { contextAddress, defaultContext } from './context/store.ts';
import { readUserFile } from './options/files.ts';
import { writeAll } from './output/write.ts';

/** The keys of Docker's config.json that we follow. */
export interface Config {
  currentContext?: string;
  detachKeys?: string;
  psFormat?: string;
  imagesFormat?: string;
  statsFormat?: string;
  volumesFormat?: string;
  HttpHeaders?: Record<string, string>;
  proxies?: Record<string, Record<string, string>>;
  /** Credentials by registry, and the programs that keep them. */
  auths?: Record<string, { auth?: string; identitytoken?: string }>;
  credHelpers?: Record<string, string>;
  credsStore?: string;
}

/** The flags before the command. */
export interface Globals {
  hosts: string[];
  configDir?: string;
  context?: string;
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

  /** The context in force, as Docker chooses it: the flag, then any named host, the variable, the user's choice. */
  get contextName(): string {
    const { hosts, context } = this.globals;
    if (context && hosts.length > 0) throw new Error('conflicting options: cannot specify both --host and --context');
    if (context) return context;
    if (hosts.length > 0 || this.env['GANTRY_HOST'] || this.env['DOCKER_HOST']) return defaultContext;
    return this.env['DOCKER_CONTEXT'] || this.config.currentContext || defaultContext;
  }

  /** The address that the default context stands for. */
  get defaultHost(): string {
    return this.globals.hosts[0] || this.env['GANTRY_HOST'] || this.env['DOCKER_HOST'] || defaultHost();
  }

  #connect(): Client {
    const version = this.env['DOCKER_API_VERSION'];
    const headers = this.config.HttpHeaders;
    return new Client(
      resolving(() => this.#address()),
      {
        ...(version && { version }),
        ...(headers && { headers }),
      },
    );
  }

  #address(): Address {
    if (this.globals.hosts.length > 1) throw new Error('Specify only one -H');
    const name = this.contextName;
    if (name !== defaultContext) return contextAddress(this.configDir, name);
    const address = parseAddress(this.defaultHost);
    const tls = address.kind === 'tcp' ? (this.globals.tls ?? this.#tlsFromEnv()) : undefined;
    return tls ? parseAddress(this.defaultHost, readable(tls)) : address;
  }

  #tlsFromEnv(): TlsOptions | undefined {
    if (!this.env['DOCKER_TLS_VERIFY'] && !this.env['DOCKER_TLS']) return undefined;
    const dir = this.env['DOCKER_CERT_PATH'] || this.configDir;
    const verify = Boolean(this.env['DOCKER_TLS_VERIFY']);
    return withDefaultPair(dir, { ca: `${dir}/ca.pem`, verify });
  }
}

// Docker: a certificate and key that were not named are used where they are.
export function withDefaultPair(dir: string, tls: TlsOptions): TlsOptions {
  const pair = (base: string) => (existsSync(`${dir}/${base}`) ? `${dir}/${base}` : undefined);
  const [cert, key] = [tls.cert ?? pair('cert.pem'), tls.key ?? pair('key.pem')];
  return { ...tls, ...(cert && { cert }), ...(key && { key }) };
}

/** Says at once what could not be read later. */
function readable(tls: TlsOptions): TlsOptions {
  for (const path of [tls.verify ? tls.ca : undefined, tls.cert, tls.key]) if (path) readUserFile(path);
  return tls;
}

function resolving<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    const { message } = error as Error;
    if (message.startsWith('conflicting options')) throw error;
    const resolve = 'unable to resolve docker endpoint: ';
    throw new Error(`Failed to initialize: ${resolve}${message}`, { cause: error });
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
