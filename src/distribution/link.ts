const LIMIT = 8 * 1024;

/** The next page that a `Link` header names (RFC 8288), on the same server; undefined when it names none. */
export function nextPage(header: string | readonly string[] | undefined, from: URL): URL | undefined {
  const text = typeof header === 'string' ? header : header?.join(', ');
  if (text === undefined || text.length > LIMIT) return undefined;
  for (const [, target, parameters] of text.matchAll(/<([^<>]*)>((?:\s*;\s*[^,;<]*)*)/g)) {
    if (!/;\s*rel\s*=\s*(?:"[^"]*\bnext\b[^"]*"|next)\s*(?:;|$)/i.test(parameters!)) continue;
    if (!URL.canParse(target!, from)) return undefined;
    const url = new URL(target!, from);
    return url.origin === from.origin && url.href !== from.href ? url : undefined;
  }
  return undefined;
}
