import { randomBytes } from 'node:crypto';
import type { Context } from './context.ts';

const DEFAULTS = [
  { name: 'none', driver: 'null' },
  { name: 'host', driver: 'host' },
  { name: 'bridge', driver: 'bridge' },
] as const;

/** Makes the rows of the three predefined networks; their ids stay for ever. */
export function ensureDefaults({ rows }: Pick<Context, 'rows'>): void {
  rows.tx(() => {
    for (const { name, driver } of DEFAULTS) {
      if (rows.network(name)) continue;
      rows.insertNetwork({ id: randomBytes(32).toString('hex'), name, driver, created: timestamp() });
    }
  });
}

/** Now, as the API writes times (RFC 3339 with nanoseconds, trailing zeros dropped as Go does). */
export function timestamp(): string {
  const nanos = `${new Date().toISOString().slice(20, 23)}${String(process.hrtime.bigint() % 1000000n).padStart(6, '0')}`;
  return `${new Date().toISOString().slice(0, 19)}.${nanos.replace(/0+$/, '')}Z`.replace('.Z', 'Z');
}
