import type { Socket } from 'node:net';
import type { Address } from './address.ts';

/** A connection through a program, which may have said why it ended. */
export type Tunnelled = Socket & { readonly ended?: Promise<Error | undefined> };

/** Bytes that a program on the far side may say before it ends, for the message. */
const STDERR_LIMIT = 4096;

/**
 * A connection through `ssh … gantry system dial-stdio`. The program's standard input and output are one socket, as its
 * far end is; `ended` tells what it said on standard error when it failed.
 */
export function dialSsh({ words, path }: Extract<Address, { kind: 'ssh' }>): Tunnelled {
  const { spawn } = process.getBuiltinModule('node:child_process');
  const remote = ['gantry', ...(path ? ['--host', `unix://${path}`] : []), 'system', 'dial-stdio'];
  const ssh = ['ssh', '-o', 'ConnectTimeout=30', '-T', ...words, ...remote];
  const child = spawn('/bin/sh', ['-c', 'exec "$@" <&3 >&3 3>&-', 'sh', ...ssh], {
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
  });
  const socket = child.stdio[3] as Socket;
  socket.allowHalfOpen = true;
  let said = '';
  child.stderr!.on('data', (data: Buffer) => {
    said = (said + data.toString('utf8')).slice(-STDERR_LIMIT);
  });
  const ended = new Promise<Error | undefined>((resolve) => {
    child.once('error', resolve);
    child.once('close', (code, signal) => {
      const line = `command [${ssh.join(' ')}] has exited with ${signal ? `signal: ${signal}` : `exit status ${code}`}`;
      const advice = 'make sure the URL is valid and gantry is installed there';
      resolve(code === 0 ? undefined : new Error(`${line}, ${advice}: stderr=${said.trim()}`));
    });
  });
  return Object.assign(socket, { ended });
}
