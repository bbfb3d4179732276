import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { join, resolve } from 'node:path';

const REPOSITORY = resolve(import.meta.dirname, '../..');
const FOLDER = process.env.GANTRY_TEST_FOLDER ?? '/var/tmp';
/** In the environment of a daemon under test, and so of all its children: whose they are. */
export const OWNER = 'GANTRY_TEST_OWNER';

export interface DaemonOptions {
  /** The folder of the installation that is started, instead of this repository. */
  readonly installation?: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** A real gantryd on a data root of its own, for one test file. */
export interface TestDaemon {
  readonly folder: string;
  readonly dataRoot: string;
  readonly execRoot: string;
  readonly socket: string;
  isRunning(): boolean;
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
  /** What ended the last process; undefined while it lives. */
  endedBy(): NodeJS.Signals | number | undefined;
  /** Ends it and lets it remove all that it made: containers, kernel objects, files in its roots. */
  purge(): Promise<void>;
  /** {@link purge}, and the folder goes. */
  destroy(): Promise<void>;
}

/** A gantryd that ended before it served; `by` is what ended it. */
export class EndedEarly extends Error {
  readonly by: NodeJS.Signals | number;

  constructor(by: NodeJS.Signals | number, log: string) {
    super(`gantryd does not serve, ended by ${by}:\n${log}`);
    this.by = by;
  }
}

/** Starts gantryd and waits until `_ping` answers. */
export async function startDaemon(
  options: DaemonOptions & { readonly folder?: string; readonly execRoot?: string } = {},
): Promise<TestDaemon> {
  const folder = options.folder ?? mkdtempSync(join(FOLDER, 'gantry-test-'));
  const dataRoot = join(folder, 'data');
  const execRoot = options.execRoot ?? join(folder, 'run');
  mkdirSync(dataRoot, { recursive: true });
  mkdirSync(execRoot, { recursive: true });
  const roots = ['--data-root', dataRoot, '--exec-root', execRoot];
  const socket = join(execRoot, 'gantry.sock');
  const logFile = join(folder, 'daemon.log');
  let child: ChildProcess | undefined;
  let last: ChildProcess | undefined;
  const daemon: TestDaemon = {
    folder,
    dataRoot,
    execRoot,
    socket,
    isRunning: () => child !== undefined && child.exitCode === null && child.signalCode === null,
    pid: () => child!.pid!,
    log: () => readFileSync(logFile, 'utf8'),
    start: async ({ args = [], env = {}, installation } = options) => {
      child = last = launch([...roots, ...args], { env: { [OWNER]: folder, ...env }, logFile, installation });
      await untilAnswering(socket, child, logFile);
    },
    endedBy: () => last?.signalCode ?? last?.exitCode ?? undefined,
    stop: async (signal = 'SIGTERM') => {
      child?.kill(signal);
      await daemon.exited();
    },
    exited: async () => {
      if (child && child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      child = undefined;
    },
    purge: async () => {
      await daemon.stop('SIGKILL');
      const purge = launch([...roots, '--purge'], { env: { [OWNER]: folder }, logFile });
      const [code] = (await once(purge, 'exit')) as [number];
      if (code !== 0) throw new Error(`gantryd --purge failed:\n${daemon.log().slice(-4000)}`);
    },
    destroy: async () => {
      await daemon.purge();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  await daemon.start(options);
  return daemon;
}

interface Launch {
  readonly env: Readonly<Record<string, string>>;
  readonly logFile: string;
  readonly installation?: string | undefined;
}

function launch(args: readonly string[], { env, logFile, installation = REPOSITORY }: Launch): ChildProcess {
  const log = openSync(logFile, 'a');
  try {
    return spawn(join(installation, 'bin/gantryd'), args, {
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
    const by = child.signalCode ?? child.exitCode;
    if (by !== null) throw new EndedEarly(by, readFileSync(logFile, 'utf8').slice(-4000));
    if (Date.now() > last) throw new Error(`gantryd does not answer:\n${readFileSync(logFile, 'utf8').slice(-4000)}`);
    await new Promise((wake) => setTimeout(wake, 10));
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
