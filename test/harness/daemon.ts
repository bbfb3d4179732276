import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { join, resolve } from 'node:path';

const REPOSITORY = resolve(import.meta.dirname, '../..');
const FOLDER = process.env.GANTRY_TEST_FOLDER ?? '/var/tmp';

export interface DaemonOptions {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** A real gantryd on a data root of its own, for one test file. */
export interface TestDaemon {
  readonly folder: string;
  readonly dataRoot: string;
  readonly execRoot: string;
  readonly socket: string;
  /** The pid of the daemon's process now. */
  pid(): number;
  /** What it wrote to its log so far. */
  log(): string;
  /** Ends it with this signal and waits until it is gone. */
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** Starts it again on the same roots and waits until it answers. */
  start(options?: DaemonOptions): Promise<void>;
  /** Waits until it ends by itself. */
  exited(): Promise<void>;
  /** Removes everything: containers, kernel objects, files. */
  destroy(): Promise<void>;
}

/** Starts gantryd and waits until `_ping` answers. */
export async function startDaemon(options: DaemonOptions = {}): Promise<TestDaemon> {
  const folder = mkdtempSync(join(FOLDER, 'gantry-test-'));
  const dataRoot = join(folder, 'data');
  const execRoot = join(folder, 'run');
  mkdirSync(dataRoot);
  mkdirSync(execRoot);
  const roots = ['--data-root', dataRoot, '--exec-root', execRoot];
  const socket = join(execRoot, 'gantry.sock');
  const logFile = join(folder, 'daemon.log');
  let child: ChildProcess | undefined;
  const daemon: TestDaemon = {
    folder,
    dataRoot,
    execRoot,
    socket,
    pid: () => child!.pid!,
    log: () => readFileSync(logFile, 'utf8'),
    start: async ({ args = [], env = {} } = options) => {
      child = launch([...roots, ...args], env, logFile);
      await untilAnswering(socket, child, logFile);
    },
    stop: async (signal = 'SIGTERM') => {
      child?.kill(signal);
      await daemon.exited();
    },
    exited: async () => {
      if (child && child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      child = undefined;
    },
    destroy: async () => {
      await daemon.stop('SIGKILL');
      const purge = launch([...roots, '--purge'], {}, logFile);
      const [code] = (await once(purge, 'exit')) as [number];
      if (code !== 0) throw new Error(`gantryd --purge failed:\n${daemon.log().slice(-4000)}`);
      rmSync(folder, { recursive: true, force: true });
    },
  };
  await daemon.start(options);
  return daemon;
}

function launch(args: readonly string[], env: Readonly<Record<string, string>>, logFile: string): ChildProcess {
  const log = openSync(logFile, 'a');
  try {
    return spawn(join(REPOSITORY, 'bin/gantryd'), args, {
      stdio: ['ignore', log, log],
      env: { ...process.env, ...env },
      cwd: '/',
    });
  } finally {
    closeSync(log);
  }
}

async function untilAnswering(socket: string, child: ChildProcess, logFile: string): Promise<void> {
  const last = Date.now() + 30_000;
  while (!(await answers(socket))) {
    if (child.exitCode !== null || child.signalCode !== null || Date.now() > last) {
      throw new Error(`gantryd does not answer:\n${readFileSync(logFile, 'utf8').slice(-4000)}`);
    }
    await new Promise((wake) => setTimeout(wake, 20));
  }
}

function answers(socketPath: string): Promise<boolean> {
  return new Promise((tell) => {
    const ping = request({ socketPath, path: '/_ping', agent: false, timeout: 1000 }, (response) => {
      response.resume();
      tell(response.statusCode === 200);
    });
    ping.on('error', () => tell(false));
    ping.on('timeout', () => ping.destroy());
    ping.end();
  });
}
