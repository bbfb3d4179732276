import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { importImage } from '../test/conformance/image.ts';
import type { TestDaemon } from '../test/harness/daemon.ts';
import { startDaemon } from '../test/harness/daemon.ts';

/** One of the two engines under measurement. */
export interface Engine {
  readonly socket: string;
  /** Environment for clients that are to use it. */
  readonly env: NodeJS.ProcessEnv;
  /** Pids of its daemons, not of what belongs to a container. */
  pids(): number[];
}

export interface Pair {
  readonly ours: Engine & { readonly daemon: TestDaemon };
  readonly theirs: Engine;
}

/** Starts gantryd on fresh roots beside the engine of PEER_DOCKER_HOST, with the same image in both. */
export async function startPair(): Promise<Pair> {
  const host = process.env.PEER_DOCKER_HOST ?? '';
  if (!host.startsWith('unix://')) throw new Error('PEER_DOCKER_HOST must name the unix socket of a real dockerd');
  // On a tmpfs, as /run is on hosts; see README.md for the other engine's.
  const daemon = await startDaemon({ execRoot: mkdtempSync('/dev/shm/gantry-bench-') });
  const ours = { ...toEngine(daemon.socket, () => [daemon.pid()]), daemon };
  const theirs = toEngine(host.slice('unix://'.length), peerPids);
  for (const engine of [ours, theirs]) await importImage(engine.socket);
  return { ours, theirs };
}

function toEngine(socket: string, pids: () => number[]): Engine {
  return { socket, pids, env: { ...process.env, DOCKER_HOST: `unix://${socket}` } };
}

function peerPids(): number[] {
  const command = process.env.PEER_PIDS;
  if (!command) throw new Error('PEER_PIDS must be a command that prints the pids of the other engine');
  return execFileSync('sh', ['-c', command], { encoding: 'utf8' }).trim().split(/\s+/).map(Number);
}

/**
 * Runs a command to its end and returns the milliseconds it took, as the user's shell counts them: to start a process from
 * Node costs several more, which would blur the difference. Its output is thrown away.
 */
export function timed(engine: Engine, command: string, args: readonly string[]): Promise<number> {
  const script = 'TIMEFORMAT=%3R; time "$@" >/dev/null';
  return new Promise((resolve, reject) => {
    const child = spawn('bash', ['-c', script, 'bash', command, ...args], {
      env: engine.env,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let errors = '';
    child.stderr.on('data', (chunk) => (errors += chunk));
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve(Number(errors.trim().split('\n').at(-1)) * 1000);
      else reject(new Error(`${command} ${args.join(' ')}: exit code ${code}: ${errors}`));
    });
  });
}

/** Runs a command and returns what it printed. */
export function output(engine: Engine, command: string, args: readonly string[]): string {
  return execFileSync(command, args, { env: engine.env, encoding: 'utf8', maxBuffer: 1 << 26 }).trim();
}

/** Proportional set size of these processes, in kB. */
export function pss(pids: readonly number[]): number {
  const of = (pid: number) =>
    Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0);
  return pids.reduce((sum, pid) => sum + of(pid), 0);
}

/** The processes that keep the containers: the parents of their first processes. */
export function parents(engine: Engine, ids: readonly string[]): number[] {
  const pids = output(engine, 'docker', ['inspect', '-f', '{{.State.Pid}}', ...ids]).split('\n');
  return pids.map((pid) => Number(execFileSync('ps', ['-o', 'ppid=', '-p', pid], { encoding: 'utf8' })));
}
