import type { KeyObject } from 'node:crypto';
import { sign, verify } from 'node:crypto';
import type { Action } from './gate.ts';

/** What a token allows with one repository. */
export interface Grant {
  readonly type: 'repository';
  readonly name: string;
  readonly actions: readonly Action[];
}

/** What a token says (the registry token specification). */
export interface Claims {
  readonly iss: string;
  readonly aud: string;
  /** Empty: nobody in particular. */
  readonly sub: string;
  /** Seconds since 1970. */
  readonly iat: number;
  readonly nbf: number;
  readonly exp: number;
  readonly access: readonly Grant[];
}

/** The only algorithm; what a token says of its own is never believed. */
const HEADER = Buffer.from(JSON.stringify({ typ: 'JWT', alg: 'EdDSA' })).toString('base64url');
const LIMIT = 64 * 1024;
const LEEWAY_SECONDS = 5;

/** Makes a token of these claims. */
export function issueToken(claims: Claims, key: KeyObject): string {
  const signed = `${HEADER}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}`;
  return `${signed}.${sign(null, Buffer.from(signed), key).toString('base64url')}`;
}

/** Reads a token; undefined when it is not ours, is for somebody else, or its time is over or has not come. */
export function readToken(
  token: string,
  { key, issuer, service, now }: { key: KeyObject; issuer: string; service: string; now: number },
): Claims | undefined {
  const [header, body, signature, ...rest] = token.length > LIMIT ? [] : token.split('.');
  // Any other header is refused as a whole: no key of its own (jwk, x5c), no other algorithm, none.
  if (header !== HEADER || !body || !signature || rest.length > 0) return undefined;
  if (!verify(null, Buffer.from(`${header}.${body}`), key, Buffer.from(signature, 'base64url'))) return undefined;
  const claims = JSON.parse(Buffer.from(body, 'base64url').toString()) as Claims;
  const isNow = claims.nbf - LEEWAY_SECONDS <= now && now < claims.exp;
  return claims.iss === issuer && claims.aud === service && isNow ? claims : undefined;
}
