import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AuthConfig } from '#api';
import type { Session } from '../session.ts';

/** Docker Hub's name in config.json. */
export const HUB = 'https://index.docker.io/v1/';

interface Stored {
  auths?: Record<string, { auth?: string; identitytoken?: string; registrytoken?: string } | null>;
  credsStore?: string;
  credHelpers?: Record<string, string>;
}

/** A helper's word for an identity token in place of a password. */
const TOKEN_USER = '<token>';

/** What config.json calls the registry that an image comes from. */
export function registryKey(image: string): string {
  const slash = image.indexOf('/');
  const first = image.slice(0, Math.max(slash, 0));
  const isHost = /[.:]/.test(first) || first === 'localhost' || first !== first.toLowerCase();
  return !isHost || /^(index\.)?docker\.io$/.test(first) ? HUB : first;
}

/** What config.json calls a server that a user names. */
export function serverKey(server: string | undefined): string {
  if (!server || server === 'docker.io' || server === 'index.docker.io' || server === HUB) return HUB;
  return hostOf(server);
}

const hostOf = (server: string): string => server.replace(/^https?:\/\//, '').split('/')[0]!;

/** The `X-Registry-Auth` header for an image: what is stored for its registry. */
export function registryAuth(session: Session, image: string): string {
  const key = registryKey(image);
  return Buffer.from(JSON.stringify(findCredentials(session, key) ?? { serveraddress: key })).toString('base64url');
}

/** The `X-Registry-Config` header: what is stored for each registry that config.json names. */
export function registryConfig(session: Session): string {
  const { auths = {}, credHelpers = {} } = session.config as Stored;
  const keys = new Set([...Object.keys(auths).map((name) => serverKey(name)), ...Object.keys(credHelpers)]);
  const known = [...keys].map((key) => [key, findCredentials(session, key)] as const);
  const found = known.filter(([, credentials]) => credentials !== undefined);
  return Buffer.from(JSON.stringify(Object.fromEntries(found))).toString('base64url');
}

/** What is stored for a registry: by its helper, else in config.json. */
export function findCredentials(session: Session, key: string): Partial<AuthConfig> | undefined {
  const stored = session.config as Stored;
  const helper = helperFor(stored, key);
  if (helper) return fromHelper(helper, key);
  const auths = stored.auths ?? {};
  const found = auths[key] ?? Object.entries(auths).find(([name]) => key !== HUB && hostOf(name) === key)?.[1];
  if (!found) return undefined;
  const { auth, identitytoken, registrytoken } = found;
  const text = Buffer.from(auth ?? '', 'base64').toString();
  const colon = text.indexOf(':');
  const user = colon < 0 ? {} : { username: text.slice(0, colon), password: text.slice(colon + 1).replace(/\0+$/, '') };
  const all = { ...user, ...(identitytoken && { identitytoken }), ...(registrytoken && { registrytoken }) };
  return Object.keys(all).length > 0 ? { ...all, serveraddress: key } : undefined;
}

/** Stores credentials; whether they lie unencrypted in config.json now and did not before. */
export function storeCredentials(session: Session, key: string, auth: Partial<AuthConfig>): boolean {
  const { username = '', password = '', identitytoken } = auth;
  const helper = helperFor(session.config as Stored, key);
  if (helper) {
    const secret = identitytoken
      ? { Username: TOKEN_USER, Secret: identitytoken }
      : { Username: username, Secret: password };
    runHelper(helper, 'store', JSON.stringify({ ServerURL: key, ...secret }));
  }
  const entry = identitytoken ? { auth: encode(username, ''), identitytoken } : { auth: encode(username, password) };
  const before = JSON.stringify((session.config as Stored).auths?.[key]);
  changeAuths(session, (auths) => {
    auths[key] = helper ? {} : entry;
  });
  return !helper && before !== JSON.stringify(entry);
}

const encode = (user: string, password: string) => Buffer.from(`${user}:${password}`).toString('base64');

/** Forgets what is stored for a registry; nothing to forget is success. */
export function eraseCredentials(session: Session, key: string): void {
  const stored = session.config as Stored;
  const names = key === HUB ? [key] : [key, `http://${key}`, `https://${key}`];
  const helper = helperFor(stored, key);
  if (helper) for (const name of names) tryHelper(helper, 'erase', name);
  if (names.every((name) => stored.auths?.[name] === undefined)) return;
  changeAuths(session, (auths) => {
    for (const name of names) delete auths[name];
  });
}

function helperFor({ credHelpers, credsStore }: Stored, key: string): string | undefined {
  return credHelpers?.[key === HUB ? key : hostOf(key)] || credsStore || undefined;
}

function fromHelper(helper: string, key: string): Partial<AuthConfig> | undefined {
  const text = tryHelper(helper, 'get', key);
  if (text === undefined) return undefined;
  const { Username, Secret } = JSON.parse(text) as { Username?: string; Secret?: string };
  if (!Secret) return undefined;
  const who = Username === TOKEN_USER ? { identitytoken: Secret } : { username: Username ?? '', password: Secret };
  return { ...who, serveraddress: key };
}

/** A helper's output; undefined when it has nothing, or cannot be run. */
function tryHelper(helper: string, verb: string, input: string): string | undefined {
  try {
    return runHelper(helper, verb, input);
  } catch {
    return undefined;
  }
}

function runHelper(helper: string, verb: string, input: string): string {
  if (!/^[\w.-]+$/.test(helper)) throw new Error(`invalid credential helper name: ${helper}`);
  const { spawnSync } = process.getBuiltinModule('node:child_process');
  const program = `docker-credential-${helper}`;
  const { status, stdout, error } = spawnSync(program, [verb], { input, stdio: ['pipe', 'pipe', 'inherit'] });
  if (error) throw new Error(`error getting credentials - err: ${error.message}`);
  if (status !== 0) throw new Error(`error storing credentials - err: exit status ${status}, out: \`${stdout}\``);
  return stdout.toString();
}

/** Exchanges `auths` in config.json; its other keys stay. Only the user may read it. */
function changeAuths(session: Session, change: (auths: NonNullable<Stored['auths']>) => void): void {
  const path = join(session.configDir, 'config.json');
  let document: Stored = {};
  try {
    document = JSON.parse(readFileSync(path, 'utf8')) as Stored;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  document.auths ??= {};
  change(document.auths);
  mkdirSync(session.configDir, { recursive: true, mode: 0o700 });
  const temporary = `${path}.${process.pid}`;
  writeFileSync(temporary, JSON.stringify(document, undefined, '\t'), { mode: 0o600 });
  renameSync(temporary, path);
}
