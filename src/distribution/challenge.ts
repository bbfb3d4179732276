/** One way to authenticate that a registry offers. */
export interface Challenge {
  /** In lower case. */
  readonly scheme: string;
  /** Names in lower case. */
  readonly parameters: ReadonlyMap<string, string>;
}

const LIMIT = 16 * 1024;
const SCHEME = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y;
const PARAMETER = /\s*,?\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",]+))/y;
const SEPARATOR = /[\s,]*/y;

/** Reads a `WWW-Authenticate` header with any number of challenges (RFC 9110, 11.6.1); what is malformed ends it. */
export function parseChallenges(header: string | undefined): Challenge[] {
  if (header === undefined || header.length > LIMIT) return [];
  const found: Challenge[] = [];
  let at = skip(header, 0);
  while (at < header.length) {
    SCHEME.lastIndex = at;
    const scheme = SCHEME.exec(header)?.[0];
    if (scheme === undefined) break;
    at += scheme.length;
    const parameters = new Map<string, string>();
    for (;;) {
      PARAMETER.lastIndex = at;
      const match = PARAMETER.exec(header);
      if (!match) break;
      at += match[0].length;
      const name = match[1]!.toLowerCase();
      if (!parameters.has(name)) parameters.set(name, match[2]?.replace(/\\(.)/g, '$1') ?? match[3]!);
    }
    found.push({ scheme: scheme.toLowerCase(), parameters });
    at = skip(header, at);
  }
  return found;
}

function skip(text: string, from: number): number {
  SEPARATOR.lastIndex = from;
  return from + (SEPARATOR.exec(text)?.[0].length ?? 0);
}
