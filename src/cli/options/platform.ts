/** A platform such as `linux/arm64/v8` as the API takes it: JSON; '' stays ''. */
export function platformJson(text: string): string {
  if (text === '') return '';
  const [os = '', architecture = '', variant = ''] = text.split('/');
  const valid = /^[\w.-]+(\/[\w.-]+){0,2}$/.test(text);
  if (!valid)
    throw new Error(
      `invalid platform: ${JSON.stringify(text)} is an invalid component of ${JSON.stringify(text)}: platform specifier component must match "^[A-Za-z0-9_.-]+$": invalid argument`,
    );
  const known: Record<string, string> = { x86_64: 'amd64', aarch64: 'arm64' };
  return JSON.stringify({
    architecture: known[architecture] ?? architecture,
    os,
    ...(variant && { variant }),
  });
}
