import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { delay } from '#async';

const PROGRAM = resolve(import.meta.dirname, '../../bin/gantryd');
const FOLDER = process.env.GANTRY_TEST_FOLDER ?? '/var/tmp';

export interface RegistryProcessOptions {
  /** As in config.yml. */
  readonly config?: object;
  readonly env?: Readonly<Record<string, string>>;
  /** Prepares the folder of the registry, before its start. */
  readonly prepare?: (folder: string) => void;
}

/** `gantryd registry serve`, alone on a folder of its own, on a free port of 127.0.0.1. */
export async function startRegistryProcess({ config = {}, env = {}, prepare }: RegistryProcessOptions = {}) {
  const folder = mkdtempSync(join(FOLDER, 'gantry-test-registry-'));
  prepare?.(folder);
  // JSON is YAML.
  const file = join(folder, 'config.yml');
  const text = JSON.stringify({ version: 0.1, ...config }).replaceAll('$FOLDER', folder);
  writeFileSync(file, text);
  const log = join(folder, 'log');
  const words = ['registry', 'serve', '--listen', '127.0.0.1:0', '--root', join(folder, 'data'), file];
  const child = spawn('/bin/sh', ['-c', 'exec "$@" >"$0" 2>&1', log, PROGRAM, ...words], {
    env: { ...process.env, ...env },
    stdio: 'ignore',
  });
  const ended = once(child, 'exit');
  const read = () => readFileSync(log, 'utf8');
  const dispose = async () => {
    child.kill('SIGKILL');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  for (let i = 0; child.exitCode === null && i < 3000; i++) {
    const address = i > 0 ? /"address":"([^"]+)","msg":"serving a registry"/.exec(read())?.[1] : undefined;
    if (address) return { folder, address, log: read, [Symbol.asyncDispose]: dispose };
    await delay(10);
  }
  const told = read();
  await dispose();
  throw new Error(`the registry does not serve: ${told}`);
}

export type RegistryProcess = Awaited<ReturnType<typeof startRegistryProcess>>;
