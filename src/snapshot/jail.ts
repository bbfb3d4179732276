import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { getCompileCacheDir } from 'node:module';
import { extname } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import type { ErrorKind } from '#errdefs';
import { EngineError, internal, outOfSpace, unavailable } from '#errdefs';
import type { IdMaps } from '#oci';
import { failpoint, isErrno, processStartTime } from '#sys';
import type { Found, Task, TaskAnswer, TaskResult } from './jail/task.ts';

/**
 * A mount of the jail's own mount namespace; `flags` are those of mount(2). A `tree` is what is mounted at `path` for a
 * process (`start` in clock ticks since boot); a `bind` is made at a path inside of the tree at `root`, where it is made
 * when it is missing and links lead nowhere else.
 */
export type JailMount = PlainMount | TreeMount | BindMount;

export interface TreeMount {
  readonly type: 'tree';
  readonly pid: number;
  readonly start: number;
  readonly path: string;
  readonly target: string;
  readonly flags: number;
}

export interface BindMount {
  readonly type: 'bind';
  readonly source: string;
  readonly root: string;
  readonly path: string;
  readonly flags: number;
}

export interface PlainMount {
  readonly type: 'none' | 'overlay';
  readonly source: string;
  readonly target: string;
  readonly flags: number;
  readonly data: string;
}

export interface JailOptions {
  /** Path of the launcher, `gantry-jail`. */
  readonly launcher: string;
  readonly signal?: AbortSignal;
  /** What the task reads. */
  readonly input?: Readable | InputFile;
  /**
   * What takes the task's output. A task without input may be held until it is known: its process is started at once, and
   * does nothing before this resolves. A rejection ends it.
   */
  readonly output?: Writable | Promise<Writable>;
  /** Hears what the task found, before its output comes. */
  readonly onFound?: (found: Found) => void;
  /** Sources and options of mounts are relative to this directory. */
  readonly cwd?: string;
  readonly mounts?: readonly JailMount[];
  /** Owners in the tree are those of this process's user namespace. */
  readonly users?: JailUsers | undefined;
}

/** A file that a jail reads by itself, from its beginning; it does not change meanwhile. */
export interface InputFile {
  readonly path: string;
  /** Hears now and then, and at the end, how many bytes were read. */
  readonly onRead?: (bytes: number) => void;
}

export interface JailUsers {
  readonly pid: number;
  readonly start: number;
  readonly maps: IdMaps;
}

const PROGRAM = fileURLToPath(new URL(`./jail/main${extname(import.meta.filename)}`, import.meta.url));
const NODE_OPTIONS = ['--disable-sigusr1', '--disable-warning=ExperimentalWarning', '--max-semi-space-size=4'];
/** The first descriptor of a jail that is open on a namespace of others. */
const FIRST_NAMESPACE = 4;
const MESSAGE_LIMIT = 4096;
const ANSWER_LIMIT = 64 * 2 ** 20;
const PROGRESS_MS = 100;

/**
 * Runs a task in a jail and waits until its process is gone. A task's own error comes back as it was thrown there; a full
 * disk is out-of-space. An abort kills the process and rejects with the signal's reason.
 */
export async function runJail(task: Task, options: JailOptions): Promise<TaskResult> {
  const { signal } = options;
  signal?.throwIfAborted();
  using file = options.input && 'path' in options.input ? openInput(options.input) : undefined;
  const child = start(task, options, file?.fd);
  const kill = () => child.kill('SIGKILL');
  signal?.addEventListener('abort', kill, { once: true });
  try {
    const ended = ending(child);
    const [answer, messages, exit, input] = await Promise.all([
      readAnswer(child.stdio[3] as Readable, options.onFound),
      collect(child.stderr!, MESSAGE_LIMIT),
      ended,
      feed(child, options),
    ]);
    signal?.throwIfAborted();
    return resultOf(answer, input.error, `${exit}: ${messages.trim()}`);
  } finally {
    signal?.removeEventListener('abort', kill);
    kill();
  }
}

/**
 * Opens the file. Its position is that of the jail too, which reads it without this process between: what it has read is
 * looked up.
 */
function openInput({ path, onRead }: InputFile): Disposable & { readonly fd: number } {
  const fd = openSync(path, 'r');
  const tell = () => onRead?.(positionOf(fd));
  const timer = onRead && setInterval(tell, PROGRESS_MS);
  return {
    fd,
    [Symbol.dispose]: () => {
      clearInterval(timer);
      tell();
      closeSync(fd);
    },
  };
}

function positionOf(fd: number): number {
  return Number(/^pos:\s*(\d+)/.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1'))?.[1] ?? 0);
}

function start(
  task: Task,
  { launcher, cwd, mounts = [], users, input, output }: JailOptions,
  file: number | undefined,
): ChildProcess {
  const place = cwd === undefined ? [] : ['--chdir', cwd];
  let fd = FIRST_NAMESPACE;
  const made = [
    ...(users ? usersArguments(users, fd++) : []),
    ...mounts.flatMap((mount) => argumentsOf(mount, mount.type === 'tree' ? fd++ : 0)),
  ];
  const isHeld = output instanceof Promise;
  const conditions = { ...(users && { owners: users.maps }), ...(isHeld && { isHeld }) };
  const program = [process.execPath, ...NODE_OPTIONS, PROGRAM, JSON.stringify({ ...task, ...conditions })];
  const cache = getCompileCacheDir();
  using namespaces = new DisposableStack();
  const opened = [
    ...(users ? [namespaceOf('user', users, namespaces)] : []),
    ...mounts.filter((mount) => mount.type === 'tree').map((mount) => namespaceOf('mnt', mount, namespaces)),
  ];
  const child = spawn(launcher, [...place, ...made, ...(cache ? ['--cache', cache] : []), '--', ...program], {
    stdio: [file ?? (input || isHeld ? 'pipe' : 'ignore'), output ? 'pipe' : 'ignore', 'pipe', 'pipe', ...opened],
  });
  failpoint('snapshot.jail.begun');
  return child;
}

function usersArguments({ maps }: JailUsers, fd: number): string[] {
  const root = (map: IdMaps['uids']) => String(map.find(({ containerId }) => containerId === 0)?.hostId ?? 0);
  return ['--users', String(fd), root(maps.uids), root(maps.gids)];
}

/** Once it is open the process may end: its namespace stays. */
function namespaceOf(
  kind: 'mnt' | 'user',
  { pid, start }: Pick<TreeMount, 'pid' | 'start'>,
  stack: DisposableStack,
): number {
  try {
    const fd = stack.adopt(openSync(`/proc/${pid}/ns/${kind}`, 'r'), closeSync);
    // The descriptor first: a process of the same start since then is the one that was meant.
    if (processStartTime(pid) === start) return fd;
  } catch (error) {
    if (!isErrno(error, 'ENOENT', 'ESRCH')) throw error;
  }
  throw unavailable(`process ${pid} has ended`);
}

function argumentsOf(mount: JailMount, fd: number): string[] {
  const flags = String(mount.flags);
  switch (mount.type) {
    case 'tree':
      return ['--tree', String(fd), mount.path, mount.target, flags];
    case 'bind':
      return ['--bind', mount.source, mount.root, mount.path, flags];
    default:
      return ['--mount', mount.type, mount.source, mount.target, flags, mount.data];
  }
}

/** What was found is told as soon as it is read; the rest, a result or an error, is returned. */
async function readAnswer(stream: Readable, onFound: JailOptions['onFound']): Promise<string> {
  if (!onFound) return await collect(stream, ANSWER_LIMIT);
  let head: Buffer = Buffer.alloc(0);
  for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
    head = Buffer.concat([head, chunk]);
    if (head.includes(LINE_END) || head.length > ANSWER_LIMIT) break;
  }
  const end = head.indexOf(LINE_END) + 1;
  const line = head.subarray(0, end).toString();
  if (!line.startsWith('{"found"')) return head.toString();
  onFound((JSON.parse(line) as { found: Found }).found);
  return head.subarray(end).toString() + (await collect(stream, ANSWER_LIMIT));
}

const LINE_END = 0x0a;

/** Moves the bytes in and out. A jail that ends early breaks the pipe: its answer says why, so that is no failure here. */
async function feed(child: ChildProcess, { input, output }: JailOptions): Promise<{ error?: unknown }> {
  const flows: Promise<void>[] = [];
  if (input && !('path' in input)) flows.push(pipeline(input, child.stdin!));
  if (output instanceof Promise) flows.push(begin(child, output));
  else if (output) flows.push(pipeline(child.stdout!, output));
  const results = await Promise.allSettled(flows);
  const failed = results.find((result) => result.status === 'rejected' && !isBrokenPipe(result.reason));
  if (failed) child.kill('SIGKILL');
  return failed ? { error: (failed as PromiseRejectedResult).reason } : {};
}

/** Lets a task begin that was held. It may have ended meanwhile: its answer says why. */
async function begin(child: ChildProcess, held: Promise<Writable>): Promise<void> {
  const [stdin, stdout] = [child.stdin!, child.stdout!];
  stdin.on('error', () => {});
  const output = await held;
  stdin.end(BEGIN);
  await pipeline(stdout, output);
}

const BEGIN = '.';

function isBrokenPipe(error: unknown): boolean {
  return error instanceof Error && 'code' in error && BROKEN.has(String(error.code));
}

const BROKEN = new Set(['EPIPE', 'ECONNRESET', 'ERR_STREAM_PREMATURE_CLOSE', 'ERR_STREAM_DESTROYED']);

function ending(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(signal === null ? `exit status ${code}` : `killed by ${signal}`));
  });
}

/** The text of a stream up to a limit; the rest is passed over. */
async function collect(stream: Readable, limit: number): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream) {
    if (length < limit) chunks.push(chunk);
    length += chunk.length;
  }
  return Buffer.concat(chunks).subarray(0, limit).toString();
}

function resultOf(text: string, inputError: unknown, ending: string): TaskResult {
  if (inputError !== undefined) throw inputError;
  if (text === '') throw internal(`the jail ended without an answer: ${ending}`);
  const answer = JSON.parse(text) as Exclude<TaskAnswer, { found: Found }>;
  if ('result' in answer) return answer.result;
  const { message, kind, code } = answer.error;
  if (kind) throw new EngineError(kind as ErrorKind, message);
  throw code === 'ENOSPC' || code === 'EDQUOT' ? outOfSpace(message) : internal(message);
}
