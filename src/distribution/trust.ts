import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SecureContextOptions } from 'node:tls';
import { rootCertificates } from 'node:tls';
import { invalid } from '#errdefs';
import { isErrno } from '#sys/errno';

/** Where the system keeps the authorities that it trusts. */
const SYSTEM = ['/etc/ssl/certs/ca-certificates.crt', '/etc/pki/tls/certs/ca-bundle.crt', '/etc/ssl/cert.pem'];

export type Trust = Pick<SecureContextOptions, 'ca' | 'cert' | 'key'>;

/**
 * Authorities and client certificates of a registry, from the first folder that has one for it: every `*.crt` is an
 * authority, `x.cert` a client certificate with its key in `x.key`. Docker's messages for one without the other.
 */
export function readTrust(folders: readonly string[]): Trust {
  for (const folder of folders) {
    const names = list(folder);
    if (names) return trustIn(folder, names);
  }
  return { ca: [...authorities()] };
}

function trustIn(folder: string, names: readonly string[]): Trust {
  const ca = [...authorities()];
  const [certs, keys]: [Buffer[], Buffer[]] = [[], []];
  for (const name of names) {
    if (name.endsWith('.crt')) ca.push(readFileSync(join(folder, name), 'utf8'));
    if (name.endsWith('.cert')) {
      const key = `${name.slice(0, -'.cert'.length)}.key`;
      if (!names.includes(key)) {
        throw invalid(`missing key ${key} for client certificate ${name}. CA certificates must use the extension .crt`);
      }
      certs.push(readFileSync(join(folder, name)));
      keys.push(readFileSync(join(folder, key)));
    }
    if (name.endsWith('.key') && !names.includes(`${name.slice(0, -'.key'.length)}.cert`)) {
      throw invalid(`missing client certificate ${name.slice(0, -'.key'.length)}.cert for key ${name}`);
    }
  }
  return { ca, ...(certs.length > 0 && { cert: certs, key: keys }) };
}

let known: readonly string[] | undefined;

/** The authorities of the system, else those that come with Node. */
function authorities(): readonly string[] {
  known ??= readFirst(SYSTEM) ?? rootCertificates;
  return known;
}

function readFirst(paths: readonly string[]): string[] | undefined {
  for (const path of paths) {
    try {
      return [readFileSync(path, 'utf8')];
    } catch (error) {
      if (!isErrno(error, 'ENOENT', 'EACCES')) throw error;
    }
  }
  return undefined;
}

function list(folder: string): string[] | undefined {
  try {
    return readdirSync(folder).sort();
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR', 'EACCES')) return undefined;
    throw error;
  }
}
