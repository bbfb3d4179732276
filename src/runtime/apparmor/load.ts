import { spawn } from 'node:child_process';
import { internal } from '#errdefs';
import { failpoint } from '#sys';
import { renderProfile } from './profile.ts';

const LOAD_MS = 20_000;
const MESSAGE_LIMIT = 4096;

/** The name of the profile of containers that ask for none; `suffix` is '' or `-<mark>`. */
export const defaultProfile = (suffix: string): string => `gantry-default${suffix}`;

/** Loads the default profile into the kernel, in place of one of that name. `parser` is apparmor_parser. */
export async function loadDefaultProfile(parser: string, suffix: string): Promise<void> {
  await run(parser, ['--skip-cache', '--replace'], renderProfile(defaultProfile(suffix)));
  failpoint('runtime.apparmor.loaded');
}

/** Takes it out of the kernel, when no container of this engine is left. */
export async function removeDefaultProfile(parser: string, suffix: string): Promise<void> {
  await run(parser, ['--remove'], renderProfile(defaultProfile(suffix)));
}

function run(parser: string, args: readonly string[], profile: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(parser, args, { stdio: ['pipe', 'ignore', 'pipe'], timeout: LOAD_MS });
    let message = '';
    child.stdin.on('error', () => undefined);
    child.stderr.on('data', (chunk: Buffer) => {
      if (message.length < MESSAGE_LIMIT) message += chunk;
    });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (code === 0) resolve();
      else reject(internal(`apparmor_parser ${args.join(' ')}: ${signal ?? `exit status ${code}`}: ${message.trim()}`));
    });
    child.stdin.end(profile);
  });
}
