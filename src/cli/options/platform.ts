import { goQuote } from '#template/quote';

const patterns: [string, RegExp, string][] = [
  [
    'an invalid OS component',
    /^([A-Za-z0-9_-]+)(?:\(([A-Za-z0-9_.-]*)\))?$/,
    'OSAndVersion specifier component must match "^([A-Za-z0-9_-]+)(?:\\\\(([A-Za-z0-9_.-]*)\\\\))?$"',
  ],
  ['an invalid component', /^[A-Za-z0-9_.-]+$/, 'platform specifier component must match "^[A-Za-z0-9_.-]+$"'],
];

/** A platform such as `linux/arm64/v8`, as it is when it can be one; throws with Docker's text. */
export function checkedPlatform(text: string): string {
  if (text === '') return '';
  for (const [at, part] of text.split('/').entries()) {
    const [what, pattern, must] = patterns[at === 0 ? 0 : 1] as (typeof patterns)[number];
    if (pattern.test(part)) continue;
    const fault = `${goQuote(part)} is ${what} of ${goQuote(text)}: ${must}: invalid argument`;
    throw new Error(`error parsing specified platform: ${fault}`);
  }
  return text;
}

/** A platform as the API takes it where it wants JSON; '' stays ''. */
export function platformJson(text: string): string {
  if (text === '') return '';
  const [os = '', architecture = '', variant = ''] = checkedPlatform(text).split('/');
  const known: Record<string, string> = { x86_64: 'amd64', aarch64: 'arm64' };
  return JSON.stringify({ architecture: known[architecture] ?? architecture, os, ...(variant && { variant }) });
}
