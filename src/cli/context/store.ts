import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Address } from '#client';
import { parseAddress } from '#client';
import { goFileError } from '../options/files.ts';

/** The context that stands for DOCKER_HOST and the usual socket; it has no files. */
export const defaultContext = 'default';

/** The files of a client's TLS, by their names in the store. */
export type TlsMaterial = Record<string, Buffer>;

/** A context as its `meta.json` holds it: Docker's own file, whose other keys are kept. */
export interface ContextMeta {
  Name: string;
  Metadata: Record<string, unknown>;
  Endpoints: Record<string, { Host?: string; SkipTLSVerify: boolean }>;
}

const validName = /^[a-zA-Z0-9][a-zA-Z0-9_.+-]+$/;

const hash = (name: string) => createHash('sha256').update(name).digest('hex');
export const metaFolder = (configDir: string, name: string): string => join(configDir, 'contexts', 'meta', hash(name));
export const tlsFolder = (configDir: string, name: string): string => join(configDir, 'contexts', 'tls', hash(name));

/** Throws for a name that cannot be made; Docker's texts. */
export function checkName(name: string): void {
  if (name === '') throw new Error('context name cannot be empty');
  if (name === defaultContext) throw new Error('"default" is a reserved context name');
  if (!validName.test(name)) {
    throw new Error(`context name "${name}" is invalid, names are validated against regexp "${validName.source}"`);
  }
}

export function contextExists(configDir: string, name: string): boolean {
  return existsSync(join(metaFolder(configDir, name), 'meta.json'));
}

/** Reads one context; Docker's text for one that is not there. */
export function readContext(configDir: string, name: string): ContextMeta {
  const path = join(metaFolder(configDir, name), 'meta.json');
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const what = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'context not found: ' : '';
    throw new Error(`context "${name}": ${what}${goFileError(error as NodeJS.ErrnoException, path).message}`);
  }
  return parseMeta(text, path);
}

/** Decodes a `meta.json`; throws when it is none. */
export function parseMeta(text: string, path: string): ContextMeta {
  let value: Partial<ContextMeta> | null;
  try {
    value = JSON.parse(text) as Partial<ContextMeta> | null;
  } catch (error) {
    throw new Error(`parsing ${path}: ${(error as Error).message}`);
  }
  if (typeof value !== 'object' || value === null || typeof value.Name !== 'string') {
    throw new Error(`parsing ${path}: not the metadata of a context`);
  }
  return { ...value, Name: value.Name, Metadata: value.Metadata ?? {}, Endpoints: value.Endpoints ?? {} };
}

/** All contexts but the default one, by name. */
export function listContexts(configDir: string): ContextMeta[] {
  const root = join(configDir, 'contexts', 'meta');
  if (!existsSync(root)) return [];
  const files = readdirSync(root).map((folder) => join(root, folder, 'meta.json'));
  const found = files.filter((path) => existsSync(path)).map((path) => parseMeta(readFileSync(path, 'utf8'), path));
  return found.sort((a, b) => (a.Name < b.Name ? -1 : 1));
}

/** Writes a context's metadata; `tls` replaces its files, undefined leaves them. */
export function writeContext(configDir: string, meta: ContextMeta, tls?: TlsMaterial): void {
  const folder = metaFolder(configDir, meta.Name);
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  const path = join(folder, 'meta.json');
  writeFileSync(`${path}.new`, JSON.stringify(meta), { mode: 0o644 });
  renameSync(`${path}.new`, path);
  if (!tls) return;
  const files = join(tlsFolder(configDir, meta.Name), 'docker');
  rmSync(files, { recursive: true, force: true });
  if (Object.keys(tls).length === 0) return;
  mkdirSync(files, { recursive: true, mode: 0o700 });
  for (const [name, content] of Object.entries(tls)) writeFileSync(join(files, name), content, { mode: 0o600 });
}

export function removeContext(configDir: string, name: string): void {
  for (const folder of [metaFolder(configDir, name), tlsFolder(configDir, name)]) {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The TLS files of a context's Docker endpoint. */
export function readTls(configDir: string, name: string): TlsMaterial {
  const folder = join(tlsFolder(configDir, name), 'docker');
  if (!existsSync(folder)) return {};
  const names = readdirSync(folder).sort();
  return Object.fromEntries(names.map((file) => [file, readFileSync(join(folder, file))]));
}

/** Where the daemon of a context listens. */
export function contextAddress(configDir: string, name: string): Address {
  const endpoint = readContext(configDir, name).Endpoints['docker'];
  if (!endpoint) throw new Error(`cannot find docker endpoint in context "${name}"`);
  const folder = join(tlsFolder(configDir, name), 'docker');
  const file = (base: string) => (existsSync(join(folder, base)) ? join(folder, base) : undefined);
  const [ca, cert, key] = [file('ca.pem'), file('cert.pem'), file('key.pem')];
  const hasTls = ca !== undefined || cert !== undefined || key !== undefined || endpoint.SkipTLSVerify === true;
  const host = endpoint.Host ?? '';
  if (!hasTls) return parseAddress(host);
  return parseAddress(host, {
    verify: endpoint.SkipTLSVerify !== true,
    ...(ca && { ca }),
    ...(cert && { cert }),
    ...(key && { key }),
  });
}
