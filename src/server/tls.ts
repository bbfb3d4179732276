import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { invalid } from '#errdefs';

/** What a TLS door needs, read from its files: PEM texts. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
  /** Clients must show a certificate that this authority signed; undefined: anybody may come. */
  readonly clientCa: string | undefined;
}

/** Paths as daemon.json gives them. `verify`: clients must show a certificate. */
export interface TlsPaths {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  readonly verify: boolean;
}

/** Reads the files of `--tls…`; throws with Docker's text for what is missing or no key pair. */
export function readTlsFiles({ ca, cert, key, verify }: TlsPaths): TlsFiles {
  const pair = `(cert: "${cert}", key: "${key}")`;
  const [certText, keyText] = readPair(cert, key, pair);
  try {
    if (!new X509Certificate(certText).checkPrivateKey(createPrivateKey(keyText))) {
      throw new Error('tls: private key does not match public key');
    }
  } catch (error) {
    const { message } = error as Error;
    const text = `error reading X509 key pair - make sure the key is not encrypted ${pair}: ${message}`;
    throw invalid(`invalid TLS configuration: ${text}`, error);
  }
  return { cert: certText, key: keyText, clientCa: verify ? readAuthority(ca) : undefined };
}

function readPair(cert: string, key: string, pair: string): [string, string] {
  try {
    return [readFileSync(cert, 'utf8'), readFileSync(key, 'utf8')];
  } catch (error) {
    const { path = '', code, message } = error as NodeJS.ErrnoException;
    const reason = code === 'ENOENT' ? `open ${path}: no such file or directory` : message;
    throw invalid(`invalid TLS configuration: could not load X509 key pair ${pair}: ${reason}`, error);
  }
}

function readAuthority(path: string): string {
  try {
    const text = readFileSync(path, 'utf8');
    new X509Certificate(text);
    return text;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = code === 'ENOENT' ? `open ${path}: no such file or directory` : message;
    throw invalid(`invalid TLS configuration: could not read CA certificate "${path}": ${reason}`, error);
  }
}
