import { writeSync } from 'node:fs';

/** Writes the lines of the log as Docker's daemon does: `time="…" level=info msg="…" key=value`. */
export class TextLines {
  write(line: string): void {
    writeSync(2, `${toText(JSON.parse(line) as Record<string, unknown>)}\n`);
  }
}

/** One line, without its end. */
export function toText({ time, level, msg, ...fields }: Record<string, unknown>): string {
  const rest = Object.entries(fields).map(([key, value]) => ` ${key}=${quoted(value)}`);
  return `time=${JSON.stringify(time)} level=${level === 'warn' ? 'warning' : level} msg=${quoted(msg)}${rest.join('')}`;
}

function quoted(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return /^[\w./@^+-]+$/.test(text) ? text : JSON.stringify(text);
}
