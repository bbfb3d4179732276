import type { HostConfig } from '#api';
import { SystemError } from '#sys';
import type { Context } from './context.ts';
import type { PortSocket } from './deps.ts';
import type { Container } from './record.ts';

/** Somebody else listens on a port that was free when it was chosen. */
export class PortTaken extends Error {
  /** What the user is told when no other try is made, in the network's words. */
  readonly shown: Error;
  /** The engine chose the port: another will do as well. */
  readonly isReplaceable: boolean;

  constructor(shown: Error, isReplaceable: boolean) {
    super(shown.message);
    this.shown = shown;
    this.isReplaceable = isReplaceable;
  }
}

/** The error of a start; as {@link PortTaken} when the monitor could not listen on one of these sockets. */
export function asTaken(
  { networks }: Context,
  { id, spec }: Container,
  { error, sockets }: { error: unknown; sockets: readonly PortSocket[] },
): unknown {
  const cause = error instanceof Error ? error.cause : undefined;
  if (!(cause instanceof SystemError) || cause.syscall !== 'bind') return error;
  const socket = sockets.find((s) => cause.path === `${s.protocol} ${s.hostIp}:${s.hostPort}`);
  if (!socket) return error;
  const isReplaceable = cause.code === 'EADDRINUSE' && !isAskedFor(spec.hostConfig, socket);
  return new PortTaken(networks.portError(id, socket, cause.code), isReplaceable);
}

function isAskedFor({ PortBindings }: HostConfig, { protocol, hostPort, target }: PortSocket): boolean {
  const bindings = PortBindings?.[`${target.port}/${protocol}`] ?? [];
  return bindings.some(({ HostPort }) => Number(HostPort) === hostPort);
}
