import type { Infer } from '#schema';
import { array, int64, object, optional, string } from '#schema';

const duration = () => optional(int64('time.Duration'));

/** How to probe a container. Durations in ns; 0 or absent means inherit, then Docker's default. */
export const HealthConfig = object('v1.HealthcheckConfig', {
  Test: optional(array(string())),
  Interval: duration(),
  Timeout: duration(),
  StartPeriod: duration(),
  StartInterval: duration(),
  Retries: optional(int64('int')),
});
export type HealthConfig = Infer<typeof HealthConfig>;
