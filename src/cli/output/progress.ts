import { isatty } from 'node:tty';
import type { Progress } from '#api';
import type { Body } from '#client';
import { DaemonError } from '#client';
import { humanSize } from '../format/size.ts';

/** Where progress goes: how to write, and the descriptor, whose terminal allows lines to be drawn over. */
export interface ProgressOutput {
  write(text: string): void;
  fd: number;
}

/** Shows a progress stream as it comes; throws the error that it ends with. `aux` messages are answered with. */
export async function showProgress(body: Body, output?: ProgressOutput): Promise<unknown[]> {
  const lines = output && isatty(output.fd) ? new Map<string, number>() : undefined;
  const extra: unknown[] = [];
  for await (const line of body.lines()) {
    if (line.trim() === '') continue;
    const message = JSON.parse(line) as Progress & { aux?: unknown; error?: string };
    if (message.errorDetail || message.error) throw failure(message);
    if (message.aux !== undefined) extra.push(message.aux);
    else if (output) output.write(lines ? overdraw(message, lines) : plain(message));
  }
  return extra;
}

function failure(message: Progress & { error?: string }): Error {
  const text = message.errorDetail?.message || message.error || 'unknown error';
  return message.errorDetail?.code === 401 ? new DaemonError(401, text) : new Error(text);
}

function plain(message: Progress): string {
  if (message.progressDetail && Object.keys(message.progressDetail).length > 0) return '';
  if (message.stream !== undefined) return message.stream;
  return `${prefix(message)}${message.status ?? ''}\n`;
}

function prefix({ id, from }: Progress): string {
  return `${id ? `${id}: ` : ''}${from ? `(from ${from}) ` : ''}`;
}

// Each id has a line of its own, found again by going up and down.
function overdraw(message: Progress, lines: Map<string, number>): string {
  if (message.stream !== undefined) return message.stream;
  const { id } = message;
  const text = `\x1b[2K\r${prefix(message)}${message.status ?? ''}${bar(message)}`;
  if (!id) return `${text}\n`;
  const known = lines.get(id);
  if (known === undefined) {
    lines.set(id, lines.size);
    return `${text}\n`;
  }
  const up = lines.size - known;
  return `\x1b[${up}A${text}\x1b[${up}B\r`;
}

function bar({ progressDetail: detail }: Progress): string {
  const { current = 0, total = 0 } = detail ?? {};
  if (current <= 0 && total <= 0) return '';
  if (total <= 0 || current > total) return ` ${humanSize(current, 4).padStart(8)}`;
  const done = Math.trunc((current / total) * 50);
  const drawn = `[${'='.repeat(done)}>${' '.repeat(Math.max(0, 50 - done))}]`;
  return ` ${drawn} ${humanSize(current, 4).padStart(8)}/${humanSize(total, 4)}`;
}
