import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log } from '#log';
import type { Descriptor } from '#oci';
import { MEDIA } from '#oci';
import { failpoint } from '#sys';

const SETTLE_MS = 200;

/** index.json of the image layout: a rendering of the database for other tools, never read by this engine. */
export class LayoutIndex {
  readonly #path: string;
  readonly #log: Log;
  #render: (() => readonly Descriptor[]) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  /** After a start it says mostly what it said before. */
  #isFirst = true;

  constructor(root: string, log: Log) {
    this.#path = join(root, 'index.json');
    this.#log = log;
  }

  schedule(render: () => readonly Descriptor[]): void {
    this.#render = render;
    this.#timer ??= setTimeout(() => void this.flush(), SETTLE_MS).unref();
  }

  /** Writes what is scheduled. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#writing = this.#writing.then(() => this.#write());
    return this.#writing;
  }

  async #write(): Promise<void> {
    const render = this.#render;
    this.#render = undefined;
    if (!render) return;
    try {
      const text = JSON.stringify({ schemaVersion: 2, mediaType: MEDIA.ociIndex, manifests: render() });
      const isFirst = this.#isFirst;
      this.#isFirst = false;
      if (isFirst && text === (await this.#present())) return;
      await writeFile(`${this.#path}.new`, text, { mode: 0o644 });
      failpoint('content.index.written');
      await rename(`${this.#path}.new`, this.#path);
      failpoint('content.index.renamed');
    } catch (error) {
      this.#log.warn('index.json of the content store could not be written', { error });
    }
  }

  /** What is there; undefined when there is nothing, or it cannot be read: it is written anew then. */
  async #present(): Promise<string | undefined> {
    return await readFile(this.#path, 'utf8').catch(() => undefined);
  }
}
