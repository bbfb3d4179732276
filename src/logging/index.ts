/**
 * The logs of containers, once the monitor has written them: reading, compressing what was rotated, and bringing lines to
 * the sinks of log drivers and plugins. Owns the table `log_cursors` and the folder of fifos.
 *
 * Each log is one json-file log, whatever the driver, so it can be read while its sink is away. A reader holds up nobody.
 *
 * Invariant: a sink that is away delays lines and never loses one that rotation keeps; after a crash of the daemon or of
 * the sink, lines of the last second may arrive twice.
 */

export type { LogEntry } from './entry.ts';
export type { LogFile } from './log-file.ts';
export { logFile, needsCare } from './log-file.ts';
export type { LoggingOptions } from './logging.ts';
export { Logging } from './logging.ts';
export { checkOptions, isForeign, isReadable } from './options.ts';
export { readLog } from './read.ts';
export type { LogSubject } from './subject.ts';
