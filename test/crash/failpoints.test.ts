import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { api, listAll } from '../harness/api.ts';
import type { TestDaemon } from '../harness/daemon.ts';
import { EndedEarly, startDaemon } from '../harness/daemon.ts';
import { settled } from '../harness/invariants.ts';
import { EARLIER } from './earlier.ts';
import { failpoints, UNREACHED } from './failpoints.ts';
import type { Play } from './scenario.ts';
import { importImage, PARTS, Refused, wholeLife } from './scenario.ts';
import { Told } from './told.ts';

/** As many daemons at once, each on roots of its own. */
const AT_ONCE = 2;
/** A recovery that goes on after the daemon serves has this long to come to its failpoint. */
const RECOVERY_MS = 5_000;
/**
 * All that a start may pass when the one before it left nothing to do. Logs are brought to their sinks and
 * compressed in the background of a start: the next one goes on with what is left.
 */
const IDLE =
  /^(logging\.\w+\.\w+|runtime\.spawner\.started|network\.recover\.\w[\w-]*|network\.firewall\.rendered|network\.flows\.forgotten|network\.bridge\.addressed|network\.route\.set|network\.names\.served|network\.guard\.placed|runtime\.hold\.held|container\.recover\.(observed|container-done|watch))$/;

/**
 * Arms each failpoint, lets the daemon die there in the middle of a container's life or of its own start, starts it
 * again, and asks whether all that was acknowledged is there and nothing else is.
 */
describe('kill -9 after every effect', { concurrency: AT_ONCE }, () => {
  const names = failpoints();
  const idle: TestDaemon[] = [];
  let parts: ReadonlyMap<string, string>;
  before(async () => {
    const daemon = await startDaemon();
    idle.push(daemon);
    parts = await learnParts(daemon);
  });
  after(() => Promise.all(idle.map((daemon) => daemon.destroy())));

  test('there are at least sixty', () => assert.ok(names.length >= 60, `${names.length}: ${names.join(' ')}`));
  test('those that cannot be reached exist', () => {
    assert.deepEqual(
      Object.keys(UNREACHED).filter((name) => !names.includes(name)),
      [],
    );
    assert.deepEqual(
      Object.keys(EARLIER).filter((name) => !names.includes(name)),
      [],
    );
  });

  for (const [index, name] of names.entries()) {
    if (UNREACHED[name]) continue;
    test(name, async (t) => {
      const args = name === 'snapshot.prepare.merged' ? ['--storage-driver', 'native'] : [];
      const daemon = (args.length > 0 ? undefined : idle.pop()) ?? (await startDaemon({ args }));
      try {
        await daemon.stop('SIGKILL');
        const play = { daemon, told: new Told(), suffix: `n${index}` };
        await checkOne(play, { name, args, part: PARTS[parts.get(name) ?? ''] ?? wholeLife });
        if (args.length === 0) idle.push(daemon);
      } catch (error) {
        t.diagnostic(daemon.log().slice(-6000));
        throw error;
      } finally {
        if (!idle.includes(daemon)) await daemon.destroy();
      }
    });
  }
});

interface Case {
  readonly name: string;
  readonly args: readonly string[];
  /** The part of a life that passes it. */
  readonly part: (play: Play) => Promise<void>;
}

/** In which part of a life each failpoint is passed; those of a start are in none. */
async function learnParts(daemon: TestDaemon): Promise<Map<string, string>> {
  const trace = join(daemon.folder, 'trace');
  await daemon.stop('SIGKILL');
  await daemon.start({ env: { GANTRY_FAILPOINT_TRACE: trace } });
  await importImage(daemon);
  const found = new Map<string, string>();
  for (const [name, part] of Object.entries(PARTS)) {
    writeFileSync(trace, '');
    await part({ daemon, told: new Told(), suffix: 'learn' });
    for (const passed of readFileSync(trace, 'utf8').trim().split('\n'))
      if (!found.has(passed)) found.set(passed, name);
  }
  await removeAll(daemon);
  return found;
}

async function checkOne(play: Play, { name, args, part }: Case): Promise<void> {
  const { daemon, told } = play;
  assert.ok(await dies(play, { name, args, part }), `${name} is not passed`);
  await daemon.start({ args });
  assert.deepEqual(await settled(daemon, told.list()), []);
  await daemon.stop('SIGKILL');
  const effects = await secondStart(daemon, args);
  if (!told.list().some(({ isRestless }) => isRestless)) assert.deepEqual(effects, []);
  assert.deepEqual(await settled(daemon, told.list(), 2000), []);
  await removeAll(daemon);
  assert.deepEqual(await settled(daemon, []), []);
}

/** Whether the daemon died by its failpoint and by nothing else. */
async function dies(play: Play, { name, args, part }: Case): Promise<boolean> {
  const { daemon } = play;
  await EARLIER[name]?.(play);
  try {
    await daemon.start({ args, env: { GANTRY_FAILPOINT: name } });
    if (name.includes('.recover.')) await within(daemon.exited(), RECOVERY_MS);
    else await passes(play, part);
  } catch (error) {
    if (error instanceof Refused) throw error;
    if (!(error instanceof EndedEarly)) await within(daemon.exited(), 1000);
  }
  return daemon.endedBy() === 'SIGKILL';
}

/** Plays the part, and if the daemon outlives it all of a life. */
async function passes(play: Play, part: Case['part']): Promise<void> {
  await part(play);
  await within(play.daemon.exited(), 200);
  if (play.daemon.isRunning()) await wholeLife({ ...play, suffix: `${play.suffix}-again` });
}

function within(promise: Promise<void>, ms: number): Promise<void> {
  return Promise.race([promise, new Promise<void>((wake) => setTimeout(wake, ms).unref())]);
}

/** Starts it once more; the failpoints it passed that tell of an effect. */
async function secondStart(daemon: TestDaemon, args: readonly string[]): Promise<string[]> {
  const trace = join(daemon.folder, 'trace');
  rmSync(trace, { force: true });
  await daemon.start({ args, env: { GANTRY_FAILPOINT_TRACE: trace } });
  const passed = readFileSync(trace, 'utf8').trim().split('\n');
  return passed.filter((name) => !IDLE.test(name));
}

async function removeAll(daemon: TestDaemon): Promise<void> {
  for (const { Id } of await listAll(daemon.socket)) {
    const { status, body } = await api(daemon.socket, 'DELETE', `/containers/${Id}?force=1&v=1`);
    assert.ok(status < 300 || status === 404, JSON.stringify(body));
  }
  await api(daemon.socket, 'POST', '/networks/prune');
  await api(daemon.socket, 'POST', `/volumes/prune?filters=${encodeURIComponent('{"all":["true"]}')}`);
  const images = (await api(daemon.socket, 'GET', '/images/json')).body as { Id: string; RepoTags: string[] | null }[];
  for (const { Id, RepoTags } of images) {
    // The image of all containers stays for the next one.
    if (!RepoTags?.includes('crash:latest')) await api(daemon.socket, 'DELETE', `/images/${Id}?force=1`);
  }
}
