import { writeFileSync } from 'node:fs';
import { internal } from '#errdefs';
import type { OciSpec } from '#oci';
import { failpoint, SystemError } from '#sys';
import type { RuntimeContext } from './context.ts';
import { findRun } from './context.ts';
import { stringify } from './json.ts';
import { decodeStarted, MonitorError } from './monitor/messages.ts';
import type { Started } from './records.ts';
import { errnoText, startErrorText } from './start-error.ts';

const START_MS = 60_000;

/** A socket that the monitor holds on the host and relays into the container. */
export interface PortSocket {
  readonly protocol: 'tcp' | 'udp';
  readonly hostIp: string;
  readonly hostPort: number;
  readonly target: { readonly ip: string; readonly port: number };
}

export interface StartRequest {
  readonly spec: OciSpec;
  readonly sockets: readonly PortSocket[];
}

/** Turns the prepared stub into the container. Throws Docker's text; the caller discards what is left then. */
export async function start(context: RuntimeContext, id: string, { spec, sockets }: StartRequest): Promise<Started> {
  const run = findRun(context, id);
  if (!run.link) throw internal('failed to create task for container: the monitor is gone');
  run.sharesPids = !spec.linux.namespaces.some(({ type, path }) => type === 'pid' && !path);
  writeFileSync(`${run.directory}/spec.json`, stringify(spec), { mode: 0o600 });
  failpoint('runtime.start.spec-written');
  try {
    const answer = await run.link.request('start', [sockets.map(renderSocket)], START_MS);
    failpoint('runtime.start.started');
    return run.begin(decodeStarted(answer.map(String)));
  } catch (error) {
    throw error instanceof MonitorError ? explain(error, { spec, sockets }) : error;
  }
}

function renderSocket({ protocol, hostIp, hostPort, target }: PortSocket) {
  return [protocol, hostIp, hostPort, target.ip, target.port];
}

function explain(error: MonitorError, { spec, sockets }: StartRequest): Error {
  const { kind, number, message } = error;
  if (kind === 'runtime') return internal(startErrorText(message, spec.process), error);
  if (kind === 'port') return portError(error, sockets);
  const reason = number > 0 ? `: ${errnoText(number)}` : '';
  return internal(`failed to create task for container: ${message}${reason}`, error);
}

/** Docker's end of `driver failed programming external connectivity on endpoint …: `, with the kernel's error as cause. */
function portError({ number, message }: MonitorError, sockets: readonly PortSocket[]): Error {
  const cause = new SystemError('bind', number, message);
  const socket = sockets.find(({ protocol, hostIp, hostPort }) => message === `${protocol} ${hostIp}:${hostPort}`);
  if (!socket) return internal(`failed to bind host port: ${message}: ${errnoText(number)}`, cause);
  const { protocol, hostIp, hostPort, target } = socket;
  const host = hostIp.includes(':') ? `[${hostIp}]` : hostIp;
  const there = target.ip.includes(':') ? `[${target.ip}]` : target.ip;
  return internal(
    `failed to bind host port for ${host}:${hostPort}:${there}:${target.port}/${protocol}: ${errnoText(number)}`,
    cause,
  );
}
