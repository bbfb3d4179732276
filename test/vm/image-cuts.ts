import assert from 'node:assert/strict';
import type { Step } from './host-suite.ts';
import type { Machine } from './machine.ts';

/** Power cuts while images come, go and are sent, and right after the engine said that they did. */

export type Kind = 'pull' | 'push' | 'load' | 'import' | 'rmi';
export const KINDS: readonly Kind[] = ['pull', 'push', 'load', 'import', 'rmi'];

/** `during`: a part of the time that the verb took last; `after`: as soon as it was acknowledged. */
export type Moment = { readonly during: number } | 'after';

/** What came of one cut. */
export interface Outcome {
  /** Whether the verb was acknowledged before the cut. */
  readonly isAcknowledged: boolean;
  /** Whether it had its effect, found after the next boot. */
  readonly isDone: boolean;
}

const G = 'cd /root/gantry &&';
const NODE = 'node_modules/.bin/node';
const ARCHIVE = '/root/cut.tar';
const REGISTRY = 'localhost:5000';
/** Twice: see `host-suite.ts`. */
const SERVING = 'systemctl start gantry || { sleep 2; systemctl start gantry; }';

const made = (word: string, name = '') => `${G} ${NODE} test/vm/make-image.ts ${word} ${name}`;
const loaded = (word: string, name: string) => `(${made(word, name)}) | gantry load -q`;

interface Play {
  /** Makes all ready, before everything is written to the disk. */
  prepare(word: string, name: string): string;
  verb(name: string): string;
  /** The verb had its effect: exit status 0. */
  readonly isDone: (name: string) => string;
}

const isHere = (name: string) => `gantry image inspect ${name} >/dev/null 2>&1`;
/** Pulled again, all of it comes from the registry. */
const isServed = (name: string) => `{ gantry rmi ${name} && gantry pull -q ${name}; } >/dev/null 2>&1`;

const PLAYS: Readonly<Record<Kind, Play>> = {
  pull: {
    prepare: (word, name) => `${loaded(word, name)} && gantry push -q ${name} && gantry rmi ${name}`,
    verb: (name) => `gantry pull -q ${name}`,
    isDone: isHere,
  },
  push: { prepare: loaded, verb: (name) => `gantry push -q ${name}`, isDone: isServed },
  load: {
    prepare: (word, name) => `${made(word, name)} >${ARCHIVE}`,
    verb: () => `gantry load -q -i ${ARCHIVE}`,
    isDone: isHere,
  },
  import: {
    prepare: (word) => `${made(word)} >${ARCHIVE}`,
    verb: (name) => `gantry import ${ARCHIVE} ${name}`,
    isDone: isHere,
  },
  rmi: { prepare: loaded, verb: (name) => `gantry rmi ${name}`, isDone: (name) => `! ${isHere(name)}` },
};

/** Starts the registry that images are pushed to and pulled from, on the disk of the same machine. */
export async function startRegistry(machine: Machine): Promise<void> {
  const unit = [
    '[Unit]\nAfter=network.target\n[Service]',
    'ExecStart=/usr/local/bin/gantry registry serve --listen 127.0.0.1:5000 --root /var/lib/cut-registry',
    '[Install]\nWantedBy=multi-user.target\n',
  ].join('\n');
  const path = '/etc/systemd/system/cut-registry.service';
  await machine.sh(`printf '${unit.replaceAll('\n', '\\n')}' >${path} && systemctl enable -q --now cut-registry`);
}

export async function stopRegistry(machine: Machine): Promise<void> {
  const path = '/etc/systemd/system/cut-registry.service';
  await machine.sh(`systemctl disable -q --now cut-registry; rm -rf ${path} /var/lib/cut-registry ${ARCHIVE}`);
}

/** One cut after and one during each verb. */
export const imageCuts: readonly Step[] = KINDS.map((kind) => ({
  name: `a power cut after and during ${kind} leaves images whole`,
  run: async (machine) => {
    await startRegistry(machine);
    const cuts = new ImageCuts(machine);
    await cuts.cut(kind, 'after');
    await cuts.cut(kind, { during: 0.5 });
    await stopRegistry(machine);
  },
}));

/** Cuts the power of a machine in its time with images, and checks what is left; how long each verb took is remembered. */
export class ImageCuts {
  readonly #machine: Machine;
  /** Milliseconds that a verb takes until it is acknowledged. */
  readonly #times = new Map<Kind, number>();
  #rounds = 0;

  constructor(machine: Machine) {
    this.#machine = machine;
  }

  /** One cut. Rejects when an image is damaged, what was acknowledged is lost, or anything is left half. */
  async cut(kind: Kind, moment: Moment): Promise<Outcome> {
    const machine = this.#machine;
    const word = `${kind}-${++this.#rounds}`;
    const name = `${REGISTRY}/cut:${word}`;
    const play = PLAYS[kind];
    await machine.sh(`${play.prepare(word, name)} && sync`);
    const isAcknowledged = await this.#begin(kind, play.verb(name), moment);
    await machine.cutPower();
    await machine.sh(SERVING);
    await machine.sh('for i in $(seq 60); do </dev/tcp/localhost/5000 && break; sleep 1; done 2>/dev/null');
    await this.#isWhole();
    const isDone = (await machine.sh(`if ${play.isDone(name)}; then echo yes; else echo no; fi`)) === 'yes';
    assert.ok(isDone || !isAcknowledged, `${kind} was acknowledged, and is lost`);
    if (!isDone)
      await machine.sh(
        kind === 'push' ? `${isHere(name)} || (${loaded(word, name)}); ${play.verb(name)}` : play.verb(name),
      );
    assert.equal(await machine.sh(`if ${play.isDone(name)}; then echo yes; else echo no; fi`), 'yes');
    await this.#isIdle();
    await machine.sh(`gantry rmi ${name} >/dev/null 2>&1 || true`);
    return { isAcknowledged, isDone };
  }

  /** Begins the verb and returns at the moment of the cut: whether it was acknowledged by then. */
  async #begin(kind: Kind, verb: string, moment: Moment): Promise<boolean> {
    const since = Date.now();
    const ended = this.#machine.sh(verb).then(() => true);
    if (moment === 'after') {
      await ended;
      this.#times.set(kind, Date.now() - since);
      return true;
    }
    const wait = moment.during * (this.#times.get(kind) ?? 3000);
    const isAcknowledged = await Promise.race([
      ended,
      new Promise<false>((resolve) => setTimeout(resolve, wait, false)),
    ]);
    // The line breaks with the machine.
    ended.catch(() => {});
    return isAcknowledged;
  }

  async #state(): Promise<{ layers: { onDisk: number; onRecord: number }; half: string[] }> {
    return JSON.parse(await this.#machine.sh(`${G} ${NODE} test/vm/image-state.ts`));
  }

  /** Every image that is listed is whole to the last byte, and nothing is there that no image has. */
  async #isWhole(): Promise<void> {
    assert.match(await this.#machine.sh('gantry system fsck --deep --dry-run 2>&1 || true'), /checked: 0 damaged/);
    const { layers, half } = await this.#state();
    assert.deepEqual(half, []);
    assert.equal(layers.onDisk, layers.onRecord);
  }

  /** Another start of the daemon has nothing to do. */
  async #isIdle(): Promise<void> {
    const before = await this.#state();
    await this.#machine.sh(`systemctl restart gantry || { ${SERVING}; }`);
    assert.deepEqual(await this.#state(), before);
    const said = await this.#machine.sh(
      'journalctl -o cat _SYSTEMD_INVOCATION_ID=$(systemctl show -P InvocationID gantry) | grep "^{"',
    );
    const messages = said.split('\n').map((line) => (JSON.parse(line) as { msg: string }).msg);
    assert.deepEqual(
      messages.filter((message) => message !== 'serving'),
      [],
    );
  }
}
