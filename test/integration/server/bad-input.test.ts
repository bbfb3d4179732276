import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { routes } from '#server';
import { importImage } from '../../conformance/image.ts';
import { api } from '../../harness/api.ts';
import type { TestDaemon } from '../../harness/daemon.ts';
import { startDaemon } from '../../harness/daemon.ts';
import type { Wire } from './generator.ts';
import { malformed } from './generator.ts';
import { residentBytes } from './process-facts.ts';
import { seeded } from './random.ts';
import type { RawReply } from './raw-client.ts';
import { exchange } from './raw-client.ts';

const COUNT = Number(process.env.GANTRY_BAD_REQUESTS ?? 10_000);
/** The same in every run, so that one that fails can be trusted to; `random` looks for what nobody has seen yet (`npm run fuzz`). */
const { GANTRY_SEED = '2026' } = process.env;
const SEED = GANTRY_SEED === 'random' ? randomInt(2 ** 31) : Number(GANTRY_SEED);
/** How often at least each route is aimed at. */
const EACH = 5;
const LANES = 8;
/** An answer may take this long; on a busy host the request is asked again, alone, before it counts as hanging. */
const HANG_MS = 1000;
/** A proxy that nobody is: no registry hears of all this. */
const NOWHERE = 'http://127.0.0.1:1';
const GROWTH_BYTES = 150 << 20;

/** Verbs that take their time when the request is fine; `wait` of old versions answers when the container ends. */
const SLOW_VERBS = /\/(stop|restart|fsck)\b|\/v1\.24\/.*\/wait\b/;

let daemon: TestDaemon;
before(async () => {
  daemon = await startDaemon({ args: ['--http-proxy', NOWHERE, '--https-proxy', NOWHERE] });
  await importImage(daemon.socket);
  // The image that may get lost; the other one is for creates.
  assert.equal((await api(daemon.socket, 'POST', '/images/conformance/tag?repo=spare')).status, 201);
  for (const name of ['victim', 'running']) {
    const body = { Image: 'conformance', Cmd: ['sleep', '1000'], HostConfig: { NetworkMode: 'none', Init: true } };
    assert.equal((await api(daemon.socket, 'POST', `/containers/create?name=${name}`, body)).status, 201);
  }
  assert.equal((await api(daemon.socket, 'POST', '/containers/running/start')).status, 204);
});
after(() => daemon.destroy());

/** Every route, and those oftener that read a body or arguments. */
const AIMS = routes.flatMap((route) => Array<typeof route>(route.body ? 8 : route.query ? 3 : 1).fill(route));

/** Seen of a real dockerd too; what they quote or depend on cannot be put on record. */
const NOT_ON_RECORD = [
  /^\w+ "https?:\/\/\S+": proxyconnect tcp: /,
  /^protocol .* not supported$/s,
  /^Get "[^"]*": /,
  /^invalid reference format/,
  /^remoteURL \(.*\) could not be recognized as URL$/s,
  /^Cannot locate specified Dockerfile: /,
  /^lstat .*\0.*: invalid argument$/s,
];

/** Docker: only here is a body that cannot be read the engine's fault. */
const isAuth = ({ title }: Wire, message: string) =>
  / \S*\/auth\b/.test(title) &&
  /^(json: |invalid (character|escape sequence) |unexpected E|EOF$|exceeded max depth$)/.test(message);

/** Texts of errors 500 that a real dockerd gave, as patterns. */
function docker500(): RegExp[] {
  const facts = globSync(join(import.meta.dirname, '../../conformance/facts/*.json')).flatMap((file) =>
    Object.values(
      JSON.parse(readFileSync(file, 'utf8')) as Record<string, { status?: number; body?: unknown }[]>,
    ).flat(),
  );
  const messages = facts.flatMap(({ status, body }) => {
    const message = status === 500 ? (body as { message?: string } | null)?.message : undefined;
    return message ? [message] : [];
  });
  return [...new Set(messages)].map(toPattern).concat(NOT_ON_RECORD);
}

/** What the message quotes of the request may be anything. */
function toPattern(message: string): RegExp {
  const escaped = message.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const quoted = escaped.replaceAll(
    /"(?:\\\\.|[^"])*"|\b(nosuch|signals|x)\b|<\w+>|'[^']*'|(?<=network )\S+|(?<=lstat )\S+(?=:)|(?<=^ps: error: ).*/g,
    '.*',
  );
  return new RegExp(`^${quoted}$`, 's');
}

test(`${COUNT} malformed requests are refused: seed ${SEED}`, { timeout: 300_000 }, async (t) => {
  t.diagnostic(`seed ${SEED}`);
  const dice = seeded(SEED);
  // Every route in its turn some times, the rest by chance.
  const turns = routes.length * EACH;
  const wires = Array.from({ length: COUNT }, (_, i) =>
    malformed(i < turns ? [routes[i % routes.length]!] : AIMS, dice),
  );
  await api(daemon.socket, 'GET', '/containers/json?all=1');
  const before = residentBytes(daemon.pid());
  const allowed = docker500();
  // Who closes the sending side has gone, for Docker.
  const isDockers = (reply: RawReply, wire: Wire) =>
    allowed.some((text) => text.test(messageOf(reply))) ||
    isAuth(wire, messageOf(reply)) ||
    (wire.ends && messageOf(reply) === 'context canceled');
  const statuses = new Map<number, number>();
  const faults: string[] = [];
  const slow: Wire[] = [];
  let [routed, next, most] = [0, 0, before];
  const lane = async () => {
    for (let at = next++; at < wires.length; at = next++) {
      const wire = wires[at]!;
      const isSlow = SLOW_VERBS.test(wire.title);
      const reply = await exchange(daemon.socket, wire.bytes, { ends: wire.ends, limitMs: isSlow ? 2000 : 10_000 });
      if (!isSlow && reply.ms >= HANG_MS) slow.push(wire);
      statuses.set(reply.status, (statuses.get(reply.status) ?? 0) + 1);
      if (isRouted(reply)) routed++;
      if (reply.status === 500) {
        const spoken = await inWords(wire, reply);
        if (!isDockers(spoken, wire)) faults.push(`500 "${messageOf(spoken).slice(0, 300)}": ${wire.title}`);
      }
      if (at % 500 === 0) most = Math.max(most, residentBytes(daemon.pid()));
      if (reply.status === 201) await undo(reply);
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  for (const { title, bytes, ends } of slow) {
    const { ms } = await exchange(daemon.socket, bytes, { ends });
    if (ms >= HANG_MS) faults.push(`${Math.round(ms)} ms: ${title}`);
  }
  t.diagnostic(
    `${[...statuses].map(([status, count]) => `${status}: ${count}`).join(', ')}; ${routed} got past the routes`,
  );
  assert.ok(daemon.isRunning(), `the daemon died:\n${daemon.log().slice(-3000)}`);
  assert.deepEqual([...new Set(faults)].slice(0, 20), []);
  assert.ok(routed >= COUNT / 2, `only ${routed} of ${COUNT} got past routing and content type`);
  const growth = Math.max(most, residentBytes(daemon.pid())) - before;
  assert.ok(growth < GROWTH_BYTES, `the daemon grew by ${growth >> 20} MiB`);
  assert.equal((await api(daemon.socket, 'GET', '/_ping', undefined, HANG_MS)).status, 200);
  assert.doesNotMatch(daemon.log(), /request failed|uncaught|unhandled/i);
});

/** The answer to a HEAD does not say why. */
async function inWords(wire: Wire, reply: RawReply): Promise<RawReply> {
  const text = wire.bytes.toString('latin1');
  if (!text.startsWith('HEAD ')) return reply;
  return await exchange(daemon.socket, Buffer.from(text.replace('HEAD', 'GET'), 'latin1'), { ends: wire.ends });
}

/** Whether the request came as far as a handler. */
function isRouted({ status, body }: RawReply): boolean {
  if (status === 0 || status === 301 || status === 431 || status === 405) return false;
  return !/page not found|Bad Request\b|Content-Type header|client version/.test(body);
}

function messageOf({ body }: RawReply): string {
  try {
    return String((JSON.parse(body) as { message?: unknown }).message);
  } catch {
    return body;
  }
}

/** What was made after all is removed, so that the engine stays small. */
async function undo({ body }: RawReply): Promise<void> {
  const id = /"Id":"([0-9a-f]{64})"/.exec(body)?.[1];
  if (id) await api(daemon.socket, 'DELETE', `/containers/${id}?force=1&v=1`);
}

test('a container that is removed while its create is answered', async () => {
  const body = { Image: 'conformance', Labels: { brief: '' }, HostConfig: { NetworkMode: 'none' } };
  const prune = '/containers/prune?filters={"label":["brief"]}';
  for (let i = 0; i < 40; i++) {
    const creates = Array.from({ length: 4 }, () => api(daemon.socket, 'POST', '/containers/create', body));
    const prunes = Array.from({ length: 8 }, () => api(daemon.socket, 'POST', prune));
    for (const { status } of await Promise.all(creates)) assert.equal(status, 201);
    for (const { status } of await Promise.all(prunes)) assert.ok(status === 200 || status === 409, String(status));
  }
  await api(daemon.socket, 'POST', prune);
});
