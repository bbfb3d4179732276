import { busyboxTar } from '../conformance/image.ts';
import { api } from '../harness/api.ts';
import type { TestDaemon } from '../harness/daemon.ts';
import type { Acknowledged } from '../harness/invariants.ts';
import { dockerArchive } from './archive.ts';

/** What the clients of a scenario were told, kept current call by call; reading it after a crash is reading the truth. */
export class Told {
  readonly #containers = new Map<string, Acknowledged>();

  created(id: string, name: string): void {
    this.#containers.set(id, { id, name });
  }

  renamed(id: string, name: string): void {
    this.#containers.set(id, { ...this.#containers.get(id)!, name });
  }

  running(id: string, pid: number): void {
    this.#containers.set(id, { ...this.#containers.get(id)!, pid });
  }

  /** From the request to stop until it is told, the workload may be in either state. */
  stopping(id: string): void {
    const { name } = this.#containers.get(id)!;
    this.#containers.set(id, { id, name });
  }

  /** From the request to remove on, the container may be gone or not. */
  removing(id: string): void {
    this.#containers.delete(id);
  }

  list(): Acknowledged[] {
    return [...this.#containers.values()];
  }
}

const image = busyboxTar();

/** Goes once through every verb that has failpoints. Rejects where the daemon dies. */
export async function wholeLife(daemon: TestDaemon, told: Told, suffix: string): Promise<void> {
  const { socket } = daemon;
  await raw(socket, '/images/create?fromSrc=-&repo=crash&tag=latest&changes=ENV%20PATH=/bin', image);
  await raw(socket, '/images/load?quiet=1', dockerArchive(image, `crash-load-${suffix}:latest`));
  const name = `life-${suffix}`;
  const id = await create(socket, told, name, {
    HostConfig: { PortBindings: { '80/tcp': [{ HostPort: '' }] }, Binds: [`vol-${suffix}:/data`] },
  });
  await start(socket, told, id);
  const exec = await must(socket, 'POST', `/containers/${id}/exec`, { Cmd: ['true'], AttachStdout: true });
  await must(socket, 'POST', `/exec/${(exec as { Id: string }).Id}/start`, { Detach: true });
  await must(socket, 'POST', `/containers/${id}/pause`);
  await must(socket, 'POST', `/containers/${id}/unpause`);
  told.stopping(id);
  await must(socket, 'POST', `/containers/${id}/restart?t=0`);
  await must(socket, 'POST', `/containers/${id}/rename?name=${name}-renamed`).then(() =>
    told.renamed(id, `${name}-renamed`),
  );
  await must(socket, 'POST', `/containers/${id}/kill`);
  await must(socket, 'POST', `/containers/${id}/start`);
  await must(socket, 'POST', `/containers/${id}/stop?t=0`);
  told.removing(id);
  await must(socket, 'DELETE', `/containers/${id}?v=1`);
  const once = await create(socket, told, `once-${suffix}`, { Cmd: ['true'], HostConfig: { AutoRemove: true } });
  const waiting = must(socket, 'POST', `/containers/${once}/wait?condition=removed`);
  told.removing(once);
  await Promise.all([waiting, must(socket, 'POST', `/containers/${once}/start`)]);
  await must(socket, 'POST', `/images/crash-load-${suffix}:latest/tag?repo=other-${suffix}`);
  await must(socket, 'DELETE', `/images/other-${suffix}:latest`);
  await must(socket, 'DELETE', `/images/crash-load-${suffix}:latest`);
  await must(socket, 'DELETE', `/volumes/vol-${suffix}`);
}

/** Creates a container that sleeps, and remembers that it was told so. */
export async function create(socket: string, told: Told, name: string, more: object = {}): Promise<string> {
  const body = { Image: 'crash', Cmd: ['sleep', '1000'], ...more };
  const { Id } = (await must(socket, 'POST', `/containers/create?name=${name}`, body)) as { Id: string };
  told.created(Id, name);
  return Id;
}

/** Starts it and remembers the pid of its workload. */
export async function start(socket: string, told: Told, id: string): Promise<void> {
  await must(socket, 'POST', `/containers/${id}/start`);
  const state = (await must(socket, 'GET', `/containers/${id}/json`)) as { State: { Pid: number } };
  told.running(id, state.State.Pid);
}

async function must(socket: string, method: string, path: string, body?: unknown): Promise<unknown> {
  const reply = await api(socket, method, path, body);
  if (reply.status >= 400) throw new Refused(`${method} ${path}: ${reply.status} ${JSON.stringify(reply.body)}`);
  return reply.body;
}

/** The daemon answered, but not with success: a fault of the engine, not of the crash. */
export class Refused extends Error {}

async function raw(socket: string, path: string, bytes: Buffer): Promise<void> {
  const { send } = await import('../conformance/call.ts');
  const headers = { 'content-type': 'application/x-tar' };
  const answer = await send(socket, { method: 'POST', path, body: bytes, headers }, new Map());
  const failed = JSON.stringify(answer.body).includes('errorDetail');
  if (answer.status >= 400 || failed) throw new Refused(`${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
}

export { must };
