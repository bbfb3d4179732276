import { resolve } from 'node:path';

/** Reads `-v`: a bind or named volume as the API takes it, or the path of an anonymous volume. */
export function readVolume(spec: string): { bind: string } | { anonymous: string } {
  if (spec === '') throw new Error('invalid empty volume spec');
  const sections = spec.length <= 2 ? [spec] : split(spec);
  const fail = (why: string) => {
    throw new Error(`invalid spec: ${spec}: ${why}`);
  };
  if (sections.includes('')) fail('empty section between colons');
  if (sections.length > 3) fail('too many colons');
  if (sections.length === 1) return { anonymous: spec };
  const [source = '', ...rest] = sections;
  return { bind: [source.startsWith('.') ? resolve(source) : source, ...rest].join(':') };
}

// One letter before a colon is a Windows drive.
function split(spec: string): string[] {
  const sections: string[] = [''];
  for (const c of spec) {
    const current = sections.at(-1) ?? '';
    if (c === ':' && !/^\p{L}$/u.test(current)) sections.push('');
    else sections[sections.length - 1] = current + c;
  }
  return sections;
}
