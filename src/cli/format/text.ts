/** Cuts a text to so many characters, the last being an ellipsis. */
export function ellipsis(text: string, most: number): string {
  const characters = [...text];
  if (characters.length <= most) return text;
  return most <= 1 ? characters.slice(0, most).join('') : `${characters.slice(0, most - 1).join('')}…`;
}

/** An id as people see it: 12 characters, without the algorithm. */
export function shortId(id: string): string {
  return id.slice(id.indexOf(':') + 1).slice(0, 12);
}

/** An image's name as people write it: without docker.io and library. */
export function familiarName(name: string): string {
  return name.replace(/^(index\.)?docker\.io\//, '').replace(/^library\/(?=[^/]+$)/, '');
}

/** A reference's parts; undefined when it is none (an id, or nothing). */
export function splitReference(text: string): { name: string; tag?: string; digest?: string } | undefined {
  const at = text.indexOf('@');
  const digest = at < 0 ? undefined : text.slice(at + 1);
  const rest = at < 0 ? text : text.slice(0, at);
  const colon = rest.indexOf(':', rest.lastIndexOf('/') + 1);
  const name = colon < 0 ? rest : rest.slice(0, colon);
  const tag = colon < 0 ? undefined : rest.slice(colon + 1);
  if (!/^[a-zA-Z0-9][\w.:/[\]-]*$/.test(name) || /^[a-f0-9]{64}$/.test(name) || name.startsWith('sha256'))
    return undefined;
  return { name: familiarName(name), ...(tag !== undefined && { tag }), ...(digest !== undefined && { digest }) };
}

/** Host and port, an IPv6 address in brackets. */
export function joinHostPort(host: string, port: number | string): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
