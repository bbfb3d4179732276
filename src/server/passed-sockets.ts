import { readFileSync, readlinkSync } from 'node:fs';
import { invalid } from '#errdefs';

/** A listening socket that systemd opened for us (sd_listen_fds(3)). */
export interface PassedSocket {
  readonly fd: number;
  /** From `FileDescriptorName=` of the socket unit; '' without one. */
  readonly name: string;
  readonly isUnix: boolean;
}

const FIRST = 3;

/**
 * Takes systemd's sockets out of the environment, where an OCI runtime would hand them on to containers. `keep` marks a
 * descriptor so that no child inherits it.
 */
export function takePassedSockets(environment: NodeJS.ProcessEnv, keep: (fd: number) => void): PassedSocket[] {
  const { LISTEN_PID: pid, LISTEN_FDS: count, LISTEN_FDNAMES: names = '' } = environment;
  for (const name of ['LISTEN_PID', 'LISTEN_FDS', 'LISTEN_FDNAMES']) delete environment[name];
  const total = Number(count ?? 0);
  if (!(total > 0 && total < 1000) || (pid !== undefined && Number(pid) !== process.pid)) return [];
  const named = names.split(':');
  return Array.from({ length: total }, (_, at) => {
    const fd = FIRST + at;
    keep(fd);
    return { fd, name: named[at] ?? '', isUnix: isUnixSocket(fd) };
  });
}

/** The sockets that `fd://<which>` means: all, one by its number, or those of a name. Docker's texts. */
export function selectSockets(which: string, passed: readonly PassedSocket[]): readonly PassedSocket[] {
  if (passed.length === 0) {
    throw invalid('no sockets found via socket activation: make sure the service was started by systemd');
  }
  if (which === '' || which === '*') return passed;
  const found = passed.filter(({ fd, name }) => (/^\d+$/.test(which) ? fd === Number(which) : name === which));
  if (found.length > 0) return found;
  if (/^\d+$/.test(which)) throw invalid('too few socket activated files passed in by systemd');
  throw invalid(`failed to parse systemd fd address: should be a number: ${which}`);
}

function isUnixSocket(fd: number): boolean {
  const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/self/fd/${fd}`))?.[1];
  if (inode === undefined) throw invalid(`failed to listen on systemd activated file: fd ${fd}`);
  const lines = readFileSync('/proc/self/net/unix', 'latin1').split('\n');
  return lines.some((line) => line.split(/\s+/)[6] === inode);
}
