/**
 * The operator's log: structured, one constant message a line with its data in fields. Not for users (events) and not
 * for callers (progress). Secrets are redacted here, by field name.
 */

export type { Log, LogFields, LogFormat, LogLevel, RootLog } from './log.ts';
export { createLog, nullLog } from './log.ts';
