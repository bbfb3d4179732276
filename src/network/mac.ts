import { randomBytes } from 'node:crypto';

/** A random address, locally administered and unicast, as text (`02:…` style: second-lowest bit of the first byte set). */
export function randomMac(): string {
  const bytes = randomBytes(6);
  bytes[0] = (bytes[0]! & 0xfc) | 0x02;
  return formatMac(bytes);
}

/**
 * The hardware address that goes with an IPv4 address, locally administered. Always the same one: what neighbours and the
 * host remember of the container that had the address before stays true for the one that has it now.
 */
export function macOf(address: number): Buffer {
  const bytes = Buffer.from([0x02, 0x42, 0, 0, 0, 0]);
  bytes.writeUInt32BE(address, 2);
  return bytes;
}

export const formatMac = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex').match(/../g)!.join(':');

/** The bytes of a hardware address in a form that Go's net.ParseMAC reads (`:`, `-` or `.`), of 6, 8 or 20 bytes. */
export function parseMac(text: string): Buffer | undefined {
  const isPairs = /^[0-9a-f]{2}([:-][0-9a-f]{2})+$/i.test(text) && new Set(text.replace(/[0-9a-f]/gi, '')).size === 1;
  const isQuads = /^[0-9a-f]{4}(\.[0-9a-f]{4})+$/i.test(text);
  if (!isPairs && !isQuads) return undefined;
  const bytes = Buffer.from(text.replace(/[:.-]/g, ''), 'hex');
  return [6, 8, 20].includes(bytes.length) ? bytes : undefined;
}
