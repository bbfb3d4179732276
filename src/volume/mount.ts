import { spawn } from 'node:child_process';
import { lookup } from 'node:dns/promises';
import { isIP, isIPv4 } from 'node:net';
import { getSystemErrorMap } from 'node:util';
import { internal } from '#errdefs';
import { describeMount, parseMountOptions } from './mount-options.ts';
import type { DriverOptions } from './options.ts';

const MOUNT_MS = 60_000;
const RESOLVE = 'error resolving passed in network volume address';

/**
 * Mounts what a volume's options name on its folder, by a process of its own (`mounter`, gantry-mount) that is killed when
 * a file server does not answer in time. Throws Docker's text.
 */
export async function mountVolume(mounter: string, target: string, options: DriverOptions): Promise<void> {
  const failed = (why: string) => internal(`error while mounting volume '${target}': ${why}`);
  const { type = '', device = '' } = options;
  if (device === '') throw failed('missing device in volume options');
  const { source, words } = await resolve(type, device, options.o ?? '').catch((error: Error) => {
    throw failed(error.message);
  });
  const parsed = parseMountOptions(words);
  const error = await run(mounter, [], [type, source, target, String(parsed.flags), parsed.data]);
  if (error !== '') throw failed(`failed to mount local volume: ${describeMount(source, target, parsed)}: ${error}`);
}

/** Takes off what is mounted at a folder; nothing is success. */
export async function unmountVolume(mounter: string, target: string): Promise<void> {
  const error = await run(mounter, ['--detach', target], []);
  if (error !== '') throw internal(`error while unmounting volume '${target}': ${error}`);
}

/** The kernel takes addresses only, so names of servers are looked up here. */
async function resolve(type: string, device: string, words: string): Promise<{ source: string; words: string }> {
  const given = { source: device, words };
  if (type !== 'nfs' && type !== 'cifs') return given;
  const host = /(?:^|,)addr=([^,]*)/.exec(words)?.[1];
  if (host && !isIPv4(host)) return { ...given, words: words.replace(`addr=${host}`, `addr=${await address(host)}`) };
  const server = type === 'cifs' && !host ? /^\/\/([^/]+)/.exec(device)?.[1] : undefined;
  if (!server || isIP(server)) return given;
  return { ...given, source: device.replace(server, await address(server)) };
}

async function address(host: string): Promise<string> {
  try {
    return (await lookup(host)).address;
  } catch {
    throw new Error(`${RESOLVE}: lookup ${host}: no such host`);
  }
}

/** Runs gantry-mount; the kernel's words for what went wrong, '' for nothing. */
function run(mounter: string, args: readonly string[], fields: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(mounter, args, { stdio: ['pipe', 'pipe', 'ignore'], timeout: MOUNT_MS, killSignal: 'SIGKILL' });
    let answer = '';
    child.stdin.on('error', () => undefined);
    child.stdout.on('data', (chunk: Buffer) => (answer += chunk));
    child.on('error', reject);
    child.on('close', (code, signal) => {
      const number = Number(answer);
      if (signal || code !== 0) resolve(signal ? 'connection timed out' : `exit status ${code}`);
      else resolve(number === 0 ? '' : (getSystemErrorMap().get(-number)?.[1] ?? `errno ${number}`));
    });
    child.stdin.end(fields.map((field) => `${field}\0`).join(''));
  });
}
