import { goQuote } from '#template/quote';
import type { Report } from '../finding.ts';
import type { Lines } from '../location.ts';

const SECRET = /(?:_|^)(?:apikey|auth|credentials?|key|password|pword|passwd|secret|token)(?:_|$)/i;
const PUBLIC = /(?:_|^)public(?:_|$)/i;

/** Reports a variable whose name is that of a secret. */
export function withoutSecrets(
  instruction: 'ARG' | 'ENV',
  name: string,
  { lines, report }: { lines: Lines; report: Report },
): void {
  if (!SECRET.test(name) || PUBLIC.test(name)) return;
  const detail = `Do not use ARG or ENV instructions for sensitive data (${instruction} ${goQuote(name)})`;
  report({ rule: 'SecretsUsedInArgOrEnv', lines, detail });
}
