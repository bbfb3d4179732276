/**
 * Loaded into a daemon before its own code (`--import`): every effect that goes through Node or libc becomes a line of
 * the failpoints' trace, with the thread and the request it belongs to. So the trace shows effects and failpoints in order.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import childProcess from 'node:child_process';
import fs from 'node:fs';
import { Server } from 'node:http';
import { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { promisify } from 'node:util';
import { isMainThread, threadId } from 'node:worker_threads';
import koffi from 'koffi';

const trace = process.env.GANTRY_FAILPOINT_TRACE;
const strands = new AsyncLocalStorage<string>();
const traceFd = trace ? fs.openSync(trace, 'a') : -1;
const append = fs.appendFileSync;
type Call = (...args: unknown[]) => unknown;

const strand = () => (isMainThread ? (strands.getStore() ?? 'main') : `worker${threadId}`);
const write = (line: string) => void fs.writeSync(traceFd, `${strand()} ${line}\n`);
/** `kind`: what was done; `place`: effects of the same place in a row count as one. */
const effect = (kind: string, place: unknown) => write(`effect ${kind} ${String(place)}`);

/** Wraps a function of a module; `tell` sees arguments and result when it did not throw. */
function watch(owner: object, name: string, tell: (args: unknown[], result: unknown) => void): void {
  const functions = owner as Record<string, Call>;
  const original = functions[name]!;
  functions[name] = function (this: unknown, ...args: unknown[]) {
    const result = original.apply(this, args);
    if (result instanceof Promise) {
      return result.then((value) => {
        tell(args, value);
        return value;
      });
    }
    tell(args, result);
    return result;
  };
}

function watchFiles(): void {
  // Names below an open directory are those of a tree that was discarded: its renaming was the effect.
  const isDiscarded = (path: string) => path.startsWith('/proc/self/fd/') || path.includes('/.trash/');
  const tell = (kind: string, path: unknown) => isDiscarded(String(path)) || effect(kind, dirname(String(path)));
  const names = ['writeFile', 'rename', 'rmdir', 'unlink', 'symlink', 'link', 'chmod', 'chown', 'rm', 'truncate'];
  for (const name of names) {
    watch(fs, `${name}Sync`, ([path]) => tell(name, path));
    watch(fs.promises, name, ([path]) => tell(name, path));
  }
  const made = ([path, options]: unknown[], result: unknown) => {
    const isRecursive = typeof options === 'object' && options !== null && 'recursive' in options;
    if (!isRecursive || result !== undefined) tell('mkdir', path);
  };
  watch(fs, 'mkdirSync', made);
  watch(fs.promises, 'mkdir', made);
  (fs as { appendFileSync: unknown }).appendFileSync = (path: string, text: string) =>
    path === trace ? write(`failpoint ${text.trim()}`) : append(path, text);
}

function watchProcesses(): void {
  watch(childProcess, 'spawn', ([path]) => effect('spawn', path));
  const promising = Reflect.get(childProcess.execFile, promisify.custom) as unknown;
  watch(childProcess, 'execFile', ([path]) => effect('spawn', path));
  const holder = { promising };
  watch(holder, 'promising', ([path]) => effect('spawn', path));
  Object.defineProperty(childProcess.execFile, promisify.custom, { value: holder.promising });
  watch(process, 'kill', ([pid, signal]) => signal !== 0 && effect('kill', pid));
}

/** What the monitor and the spawner are asked for: `<n>:<m>:<verb>,…`. */
function watchMonitors(): void {
  watch(net.Socket.prototype, 'write', ([chunk]) => {
    const head = Buffer.isBuffer(chunk) ? chunk.subarray(0, 24).toString('latin1') : '';
    const verb = /^\d+:\d+:(spawn|start|exec|quit),/.exec(head)?.[1];
    if (verb) effect(`monitor-${verb}`, 'monitor');
  });
}

function watchCommits(): void {
  watch(DatabaseSync.prototype, 'prepare', ([sql], statement) => {
    if (sql === 'COMMIT') watch(statement as object, 'run', () => effect('commit', 'database'));
  });
}

/** Changes through netlink; questions and what follows a first message do not count. */
function describeNetlink(bytes: unknown): string | undefined {
  if (!Buffer.isBuffer(bytes) || bytes.length < 16) return undefined;
  const [type, flags] = [bytes.readUInt16LE(4), bytes.readUInt16LE(6)];
  if ((flags & 0x300) === 0x300 && (flags & 0x4) === 0) return undefined;
  if (type === 0x10) return 'firewall';
  if (type >= 16 && type < 256) return type % 4 === 2 ? undefined : 'link';
  return type === (0x100 | 2) ? 'flows' : undefined;
}

function watchSyscalls(): void {
  const load = koffi.load;
  const loud = /\b(mount|umount2|fallocate|unlinkat|mkdirat)\(/;
  (koffi as { load: unknown }).load = (...args: Parameters<typeof load>) => {
    const library = load(...args);
    const func = library.func as unknown as Call;
    const wrapped = (...signature: unknown[]) => {
      const call = func.apply(library, signature) as Call & { async: unknown };
      const text = String(signature[0]);
      const tell = (given: unknown[], result: unknown) => {
        if (Number(result) < 0) return;
        const change = /\bsend\(/.test(text) ? describeNetlink(given[1]) : undefined;
        if (change) effect('netlink', change);
        else if (loud.test(text)) effect(text.split('(')[0]!.split(' ').at(-1)!, 'syscall');
        else if (/\bsyscall\(/.test(text) && Number(given[0]) === 424 && Number(given[2]) > 0)
          effect('signal', given[1]);
      };
      const holder = { call: (...given: unknown[]) => call(...given) };
      watch(holder, 'call', tell);
      return Object.assign((...given: unknown[]) => holder.call(...given), { async: call.async });
    };
    return new Proxy(library, { get: (target, key) => (key === 'func' ? wrapped : Reflect.get(target, key)) });
  };
}

/** A request is a strand; what it begins in the background belongs to it too. */
function watchRequests(): void {
  let count = 0;
  const emit = Server.prototype.emit;
  Server.prototype.emit = function (this: Server, event: string | symbol, ...args: unknown[]) {
    if (event !== 'request') return emit.call(this, event, ...args);
    const { method, url } = args[0] as { method: string; url: string };
    return strands.run(`${++count}:${method}:${url.split('?')[0]!.replaceAll(/[0-9a-f]{64}/g, '*')}`, () =>
      emit.call(this, event, ...args),
    );
  };
}

if (trace && (!isMainThread || process.argv[1]?.endsWith('gantryd.js'))) {
  watchFiles();
  watchProcesses();
  watchMonitors();
  watchCommits();
  watchSyscalls();
  watchRequests();
  syncBuiltinESMExports();
}
