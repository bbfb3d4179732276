import { isIP } from 'node:net';

/** Reads an IP address into its canonical form, as Go's net.ParseIP and String do; undefined when it is none. */
export function canonicalIp(text: string): string | undefined {
  const family = isIP(text);
  if (family === 0 || text.includes('%')) return undefined;
  if (family === 4) return text.split('.').map(Number).join('.');
  const url = new URL(`http://[${text}]/`).hostname.slice(1, -1);
  const mapped = /^::ffff:([\da-f]+):([\da-f]+)$/.exec(url);
  if (!mapped) return url;
  const [high, low] = [Number.parseInt(mapped[1] ?? '', 16), Number.parseInt(mapped[2] ?? '', 16)];
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}

/** Whether the text is a MAC address as Go's net.ParseMAC takes it: 6, 8 or 20 bytes with `:`, `-` or dots. */
export function isMac(text: string): boolean {
  const bytes =
    /^([\da-fA-F]{2})([:-][\da-fA-F]{2})+$/.test(text) && new Set(text.replace(/[\da-fA-F]/g, '')).size === 1;
  if (bytes) return [6, 8, 20].includes((text.length + 1) / 3);
  return /^[\da-fA-F]{4}(\.[\da-fA-F]{4})+$/.test(text) && [6, 8, 20].includes(((text.length + 1) / 5) * 2);
}
