import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { normaliseText } from '../cli/normalise-text.ts';
import { busyboxTar, importAs } from '../image.ts';

/** Where what clients need is put. */
export const BUILD = resolve(import.meta.dirname, '../../../build/clients');
const LIMIT_MS = 120_000;
const IMAGE = 'clients';

/** A program of others that drives the engine. */
export interface Client {
  readonly name: string;
  /** Why it cannot be tried on this host; false: it can. */
  readonly lacks?: string | false;
  /** What the engine must have for it besides the image. */
  prepare?(socket: string): Promise<void>;
  /** One more step, taken when the script has ended. */
  afterwards?(socket: string): Promise<Line>;
  /** Puts it below {@link BUILD} and says how its script is run. */
  provide(): {
    readonly file: string;
    readonly args: readonly string[];
    readonly env?: Readonly<Record<string, string>>;
  };
}

/** One step of a client's script: what it got, or the error that it threw. */
export interface Line {
  readonly step: string;
  readonly result?: unknown;
  readonly error?: unknown;
}

/** Runs a client's script against an engine; ids, addresses and times in what it saw are replaced by their kind. */
export async function runClient({ prepare, provide, afterwards }: Client, socket: string): Promise<Line[]> {
  const { file, args, env } = provide();
  const folder = mkdtempSync(join(tmpdir(), 'gantry-client-'));
  try {
    await importAs(socket, IMAGE);
    await prepare?.(socket);
    const tar = join(folder, 'image.tar');
    writeFileSync(tar, busyboxTar());
    const { stdout } = await promisify(execFile)(file, args, {
      cwd: folder,
      timeout: LIMIT_MS,
      maxBuffer: 1 << 24,
      env: {
        PATH: process.env.PATH,
        HOME: folder,
        DOCKER_HOST: `unix://${socket}`,
        CLIENT_IMAGE: IMAGE,
        CLIENT_TAR: tar,
        ...env,
      },
    });
    const lines = normaliseText(stdout).trim().split('\n');
    const seen = lines.map((line) => JSON.parse(line) as Line);
    return afterwards ? [...seen, await afterwards(socket)] : seen;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
