import { execFile, spawn } from 'node:child_process';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const SCRIPT = join(import.meta.dirname, 'machine.sh');
const REPOSITORY = resolve(import.meta.dirname, '../..');

export type Suite = 'bookworm' | 'trixie';

/** One virtual machine, see machine.sh. */
export interface Machine {
  readonly name: string;
  /** Runs a shell command as root in it and returns its output; rejects when it fails, with what it wrote. */
  sh(command: string, timeoutMs?: number): Promise<string>;
  /** Copies the committed repository to /root/gantry. */
  putRepository(): Promise<void>;
  /** Power cut, then boots the same disk again. */
  cutPower(): Promise<void>;
  /** Clean shutdown, then boots the same disk again. */
  reboot(): Promise<void>;
  /** Shuts it down and keeps its disk under a name, as a base for others. */
  snapshot(as: string): Promise<void>;
  destroy(): Promise<void>;
}

/** Boots a machine over the bare disk of the suite (built when there is none) or over a snapshot. */
export async function boot(suite: Suite, name: string, from: string = suite): Promise<Machine> {
  const script = async (...args: string[]) =>
    (await run(SCRIPT, args, { timeout: 1_200_000, maxBuffer: 1 << 26 })).stdout;
  const up = () => script('up', suite, name, from);
  await script('rm', name);
  await up();
  return {
    name,
    sh: async (command, timeout = 600_000) => {
      try {
        return (await run(SCRIPT, ['in', name, command], { timeout, maxBuffer: 1 << 26 })).stdout.trim();
      } catch (error) {
        const { stdout, stderr, message } = error as { stdout?: string; stderr?: string; message: string };
        throw new Error(`in ${name}: ${command}\n${stdout ?? ''}\n${stderr ?? message}`);
      }
    },
    putRepository: () => pipeRepository(name),
    cutPower: async () => {
      await script('cut', name);
      await up();
    },
    reboot: async () => {
      await script('off', name);
      await up();
    },
    snapshot: async (as) => void (await script('snapshot', name, as)),
    destroy: async () => void (await script('rm', name)),
  };
}

function pipeRepository(name: string): Promise<void> {
  const archive = spawn('git', ['archive', '--prefix=gantry/', 'HEAD'], {
    cwd: REPOSITORY,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const unpack = spawn(SCRIPT, ['in', name, 'tar -C /root -x'], { stdio: [archive.stdout, 'ignore', 'inherit'] });
  return new Promise((done, failed) => {
    unpack.on('error', failed);
    unpack.on('close', (code) =>
      code === 0 ? done() : failed(new Error(`copying the repository: exit code ${code}`)),
    );
  });
}
