import { readdirSync } from 'node:fs';
import { readMerged } from './merged.ts';

/** Files kept of how many images at most, and how long one may be. */
const KEPT = 32;
const KEPT_BYTES = 64 * 1024;

/** Small files of trees of layers. Layers never change: what a container has not changed itself is read once. */
export class LayerFiles {
  readonly #kept = new Map<string, Buffer | undefined>();

  /** As {@link readMerged} of `upper` over the trees `below`. */
  read(upper: string, below: readonly string[], { path, limit }: { path: string; limit: number }): Buffer | undefined {
    if (!isUntouched(upper)) return readMerged([upper, ...below], Buffer.from(path), limit);
    const key = [path, ...below].join(':');
    if (this.#kept.has(key)) return this.#kept.get(key);
    const content = readMerged(below, Buffer.from(path), limit);
    if ((content?.length ?? 0) <= KEPT_BYTES) this.#keep(key, content);
    return content;
  }

  #keep(key: string, content: Buffer | undefined): void {
    this.#kept.set(key, content);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > KEPT) this.#kept.delete(oldest!);
  }
}

/** Whether nothing in the writable tree can stand in a path's way: it has files at most, such as an engine's marks. */
function isUntouched(upper: string): boolean {
  return readdirSync(upper, { withFileTypes: true }).every((entry) => entry.isFile());
}
