import { encodeFrame, formatNanos } from '#api';
import { invalid, notImplemented } from '#errdefs';
import type { LogEntry } from '#logging';
import { isReadable, readLog } from '#logging';
import type { Context } from './context.ts';
import { containerFiles } from './folder.ts';
import type { Container } from './record.ts';
import { hasProcess } from './record.ts';

export interface LogsOptions {
  readonly follow: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  /** Ns since the epoch. */
  readonly since: bigint | undefined;
  readonly until: bigint | undefined;
  readonly timestamps: boolean;
  readonly details: boolean;
  readonly tail: number | undefined;
  readonly signal: AbortSignal;
}

/** What a container has written, as frames (raw with a TTY). With `follow` also what it writes until its end. */
export function logs(context: Context, container: Container, options: LogsOptions): AsyncIterable<Uint8Array> {
  if (!options.stdout && !options.stderr) throw invalid('Bad parameters: you must choose at least one stream');
  const { Type, Config } = container.spec.hostConfig.LogConfig;
  if (!isReadable(Type, Config ?? {})) {
    throw notImplemented('configured logging driver does not support reading');
  }
  const follow = options.follow && hasProcess(container) ? endOf(context, container, options) : undefined;
  return render(containerFiles(context.settings, container.id).log, container, { ...options, over: follow });
}

/** Settles at the end of the life, or at `until`. Registered at the call. */
function endOf({ waiters }: Context, container: Container, { until, signal }: LogsOptions): Promise<unknown> {
  const end = waiters.wait(container, 'next-exit', signal);
  if (until === undefined) return end;
  const ms = Number(until / 1_000_000n) - Date.now();
  return Promise.race([end, new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)).unref())]);
}

type RenderOptions = LogsOptions & { readonly over: Promise<unknown> | undefined };

async function* render(path: string, { spec }: Container, options: RenderOptions): AsyncGenerator<Uint8Array> {
  const { since, until, over, signal, tail } = options;
  for await (const batch of readLog(path, { tail, follow: over, signal })) {
    const wanted = batch.filter(
      ({ stream, time }) =>
        options[stream] && (since === undefined || time >= since) && (until === undefined || time <= until),
    );
    if (wanted.length > 0) yield Buffer.concat(wanted.map((entry) => bytesOf(entry, spec.config.Tty, options)));
    if (until !== undefined && batch.some(({ time }) => time > until)) return;
  }
}

/** One entry as the client gets it: time, then details, then the text. */
export function bytesOf(
  { stream, text, time, attributes }: LogEntry,
  tty: boolean,
  { timestamps, details }: Pick<LogsOptions, 'timestamps' | 'details'>,
): Buffer {
  const prefix = (timestamps ? `${formatNanos(time)} ` : '') + (details ? `${detailsOf(attributes)} ` : '');
  const bytes = Buffer.from(prefix + text, 'utf8');
  return tty ? bytes : encodeFrame(stream, bytes);
}

function detailsOf(attributes: Readonly<Record<string, string>>): string {
  return Object.keys(attributes)
    .sort()
    .map((key) => `${queryEscape(key)}=${queryEscape(attributes[key]!)}`)
    .join(',');
}

/** Go's url.QueryEscape. */
function queryEscape(text: string): string {
  const escaped = encodeURIComponent(text).replaceAll('%20', '+');
  return escaped.replaceAll(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}
