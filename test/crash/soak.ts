import { api } from '../harness/api.ts';
import type { TestDaemon } from '../harness/daemon.ts';
import type { Acknowledged } from '../harness/invariants.ts';
import { settled } from '../harness/invariants.ts';
import { create, must, Refused, start } from './scenario.ts';
import { Told } from './told.ts';

/** What a soak found. */
export interface Outcome {
  readonly kills: number;
  readonly acknowledged: number;
  readonly violations: readonly string[];
  readonly restartMs: readonly number[];
}

/** A reproducible source of chance (mulberry32). */
export function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Kills the daemon at random moments under four clients and checks the invariants after each restart. */
export async function soak(daemon: TestDaemon, { kills, seed }: { kills: number; seed: number }): Promise<Outcome> {
  const random = chance(seed);
  const told = new Told();
  const found: string[] = [];
  const restartMs: number[] = [];
  let acknowledged = 0;
  for (let kill = 0; kill < kills; kill++) {
    const clients = Array.from({ length: 4 }, (_, client) => liveAs(daemon.socket, told, random, `k${kill}c${client}`));
    await new Promise((wake) => setTimeout(wake, 150 + random() * 1500));
    await daemon.stop('SIGKILL');
    const refusals = (await Promise.all(clients)).filter((refusal) => refusal !== undefined);
    const began = performance.now();
    await daemon.start({});
    restartMs.push(performance.now() - began);
    acknowledged += told.list().length;
    found.push(...refusals, ...(await settled(daemon, told.list())).map((text) => `kill ${kill}: ${text}`));
    if (told.list().length > 12) await removeSome(daemon, told, told.list());
  }
  await removeSome(daemon, told, told.list());
  found.push(...(await settled(daemon, [])).map((text) => `at the end: ${text}`));
  return { kills, acknowledged, violations: found, restartMs };
}

/** One client: lives of containers one after another until the daemon dies. Returns what the daemon wrongly refused. */
async function liveAs(socket: string, told: Told, random: () => number, name: string): Promise<string | undefined> {
  try {
    for (let life = 0; ; life++) await oneLife(socket, told, random, `${name}l${life}`);
  } catch (error) {
    return error instanceof Refused ? error.message : undefined;
  }
}

async function oneLife(socket: string, told: Told, random: () => number, name: string): Promise<void> {
  const ports = random() < 0.5 ? { PortBindings: { '80/tcp': [{ HostPort: '' }] } } : {};
  const HostConfig = { ...ports, Binds: [`${name}:/data`] };
  const id = await create(socket, told, name, { ExposedPorts: { '80/tcp': {} }, HostConfig });
  if (random() < 0.2) return;
  await start(socket, told, id);
  if (random() < 0.3) return;
  if (random() < 0.3)
    await must(socket, 'POST', `/containers/${id}/pause`).then(() => must(socket, 'POST', `/containers/${id}/unpause`));
  if (random() < 0.5) {
    told.stopping(id);
    await must(socket, 'POST', `/containers/${id}/stop?t=0`);
  }
  told.removing(id);
  await must(socket, 'DELETE', `/containers/${id}?force=1&v=1`);
}

async function removeSome(daemon: TestDaemon, told: Told, containers: readonly Acknowledged[]): Promise<void> {
  for (const { id } of containers) {
    told.removing(id);
    await api(daemon.socket, 'DELETE', `/containers/${id}?force=1&v=1`);
  }
}
