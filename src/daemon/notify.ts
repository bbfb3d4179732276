import type { Log } from '#log';
import { sendUnixDatagram } from '#sys';

/** A line of systemd's readiness protocol, such as `READY=1` (sd_notify(3)). */
export type Notify = (line: string) => void;

/**
 * Takes systemd's socket out of the environment, where an OCI runtime would take it for a wish of the container, and
 * returns how to write to it; without systemd that does nothing.
 */
export function takeNotifySocket(environment: NodeJS.ProcessEnv, log: Log): Notify {
  const path = environment['NOTIFY_SOCKET'];
  delete environment['NOTIFY_SOCKET'];
  if (!path) return () => {};
  return (line) => {
    try {
      sendUnixDatagram(path, line);
    } catch (error) {
      log.warn('systemd could not be told', { line, error });
    }
  };
}
