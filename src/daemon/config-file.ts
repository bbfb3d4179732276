import { readFileSync } from 'node:fs';
import { isErrno } from '#sys';
import type { KeyKind, Settings } from './config-keys.ts';
import { isKey, KEYS } from './config-keys.ts';
import { REFUSED, refusal } from './refused-keys.ts';

const LIMIT = 1 << 20;

/** A setting that is refused; the message names the key, and the file with the line where there is one. */
export class ConfigError extends Error {}

/** Reads daemon.json; a file that is not there holds no settings unless it was asked for by name. */
export function readConfigFile(path: string, { required }: { required: boolean }): Settings {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (!required && isErrno(error, 'ENOENT')) return {};
    throw new ConfigError(`cannot read the configuration file ${path}: ${(error as Error).message}`);
  }
  return parseConfig(text, path);
}

/** Decodes daemon.json; `path` is for the messages. Throws {@link ConfigError} for whatever is not a known setting. */
export function parseConfig(text: string, path: string): Settings {
  if (text.length > LIMIT) throw new ConfigError(`${path}: larger than ${LIMIT} bytes`);
  if (text.trim() === '') return {};
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    throw new ConfigError(`${path}: not JSON: ${(error as Error).message}`);
  }
  if (typeof document !== 'object' || document === null || Array.isArray(document)) {
    throw new ConfigError(`${path}:1: the configuration must be a JSON object`);
  }
  const settings: Settings = {};
  for (const [name, value] of Object.entries(document)) {
    const where = () => `${path}:${lineOf(text, name)}`;
    if (Object.hasOwn(REFUSED, name)) {
      const reason = refusal(name, value);
      if (reason) throw new ConfigError(`${where()}: ${reason}`);
      continue;
    }
    if (!isKey(name)) throw new ConfigError(`${where()}: unknown key "${name}"`);
    const expected = mismatch(KEYS[name].kind, value);
    if (expected) throw new ConfigError(`${where()}: "${name}" must be ${expected}, not ${JSON.stringify(value)}`);
    settings[name] = value;
  }
  return settings;
}

/** What a value of this kind must be, when it is not. */
function mismatch(kind: KeyKind, value: unknown): string | undefined {
  const isStrings = (of: unknown) => Array.isArray(of) && of.every((item) => typeof item === 'string');
  const isRecord = (of: unknown) => typeof of === 'object' && of !== null && !Array.isArray(of);
  switch (kind) {
    case 'string':
      return typeof value === 'string' ? undefined : 'a string';
    case 'bool':
      return typeof value === 'boolean' ? undefined : 'true or false';
    case 'int':
      return Number.isSafeInteger(value) ? undefined : 'a whole number';
    case 'list':
      return isStrings(value) ? undefined : 'an array of strings';
    case 'map':
      return isRecord(value) && isStrings(Object.values(value as object)) ? undefined : 'an object of strings';
    case 'switches':
      return isRecord(value) && Object.values(value as object).every((item) => typeof item === 'boolean')
        ? undefined
        : 'an object of true and false';
    case 'document':
      return isRecord(value) ? undefined : 'an object';
    case 'proxies':
      return isRecord(value) && Object.entries(value as object).every(isProxy)
        ? undefined
        : 'an object of http-proxy, https-proxy and no-proxy';
    case 'maps':
      return isRecord(value) &&
        Object.values(value as object).every((of) => isRecord(of) && isStrings(Object.values(of)))
        ? undefined
        : 'an object of objects of strings';
    case 'pools':
      return Array.isArray(value) && value.every(isPool) ? undefined : 'an array of {"base": "10.0.0.0/8", "size": 24}';
    case 'ulimits':
      return isRecord(value) && Object.values(value as object).every(isUlimit)
        ? undefined
        : 'an object of {"Name": "nofile", "Soft": 1024, "Hard": 2048}';
    case 'runtimes':
      return isRecord(value) && Object.values(value as object).every(isRuntime)
        ? undefined
        : 'an object of {"path": "/usr/bin/crun", "runtimeArgs": []}';
  }
}

function isProxy([name, value]: [string, unknown]): boolean {
  return ['http-proxy', 'https-proxy', 'no-proxy'].includes(name) && typeof value === 'string';
}

function isPool(value: unknown): boolean {
  const pool = value as { base?: unknown; size?: unknown } | null;
  return typeof pool === 'object' && pool !== null && typeof pool.base === 'string' && Number.isInteger(pool.size);
}

function isUlimit(value: unknown): boolean {
  const limit = value as { Name?: unknown; Soft?: unknown; Hard?: unknown } | null;
  if (typeof limit !== 'object' || limit === null) return false;
  return (
    typeof limit.Name === 'string' && [limit.Soft, limit.Hard].every((n) => n === undefined || Number.isInteger(n))
  );
}

function isRuntime(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { path, runtimeType, runtimeArgs = [], options = {} } = value as Readonly<Record<string, unknown>>;
  if (typeof (path ?? runtimeType) !== 'string' || typeof options !== 'object') return false;
  return Array.isArray(runtimeArgs) && runtimeArgs.every((word) => typeof word === 'string');
}

/** The line on which a top-level key stands, counted from 1. */
export function lineOf(text: string, key: string): number {
  const tokens = /"(?:[^"\\]|\\.)*"|[{}[\]]/g;
  let depth = 0;
  for (const { 0: token, index } of text.matchAll(tokens)) {
    if (token === '{' || token === '[') depth++;
    else if (token === '}' || token === ']') depth--;
    else if (depth === 1 && isNamed(token, key) && /^\s*:/.test(text.slice(index + token.length))) {
      return text.slice(0, index).split('\n').length;
    }
  }
  return 1;
}

function isNamed(token: string, key: string): boolean {
  try {
    return JSON.parse(token) === key;
  } catch {
    return false; // The document as a whole parsed: this is no token of it.
  }
}
