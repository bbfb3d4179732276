import { randomBytes } from 'node:crypto';
import type { Context } from './context.ts';

const DEFAULTS = [
  { name: 'none', driver: 'null' },
  { name: 'host', driver: 'host' },
  { name: 'bridge', driver: 'bridge' },
] as const;

/** Makes the rows of the predefined networks; their ids stay for ever, but that of a bridge that is not wanted any more. */
export function ensureDefaults({ rows, config }: Pick<Context, 'rows' | 'config'>): void {
  rows.tx(() => {
    for (const { name, driver } of DEFAULTS) {
      if (rows.network(name) || isAbsentBridge({ config }, name)) continue;
      rows.insertNetwork({ id: randomBytes(32).toString('hex'), name, driver, created: timestamp() });
    }
  });
}

/** Whether this is the default bridge, and not wanted. */
export const isAbsentBridge = ({ config }: Pick<Context, 'config'>, name: string): boolean =>
  name === 'bridge' && config.noBridge === true;

/** Takes away a default bridge that is not wanted any more, as soon as no container runs in it; its link goes with its owner. */
export function dropBridge({ rows, config, log }: Pick<Context, 'rows' | 'config' | 'log'>): void {
  const network = config.noBridge ? rows.network('bridge') : undefined;
  if (!network) return;
  if (rows.members(network.id).length === 0) rows.tx(() => rows.deleteNetwork(network.id));
  else log.warn('the default bridge stays until no container runs in it');
}

/** Now, as the API writes times (RFC 3339 with nanoseconds, trailing zeros dropped as Go does). */
export function timestamp(): string {
  const nanos = `${new Date().toISOString().slice(20, 23)}${String(process.hrtime.bigint() % 1000000n).padStart(6, '0')}`;
  return `${new Date().toISOString().slice(0, 19)}.${nanos.replace(/0+$/, '')}Z`.replace('.Z', 'Z');
}
