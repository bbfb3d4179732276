import type { TypedOption } from '#client';
import { LayoutFolder } from '#client';
import type { FlagValues } from '../flags/flag-values.ts';
import { cacheOption } from './solve-attributes.ts';

/** The caches of a build, and the folders of this host that hold some of them. */
export interface Caches {
  readonly from: readonly TypedOption[];
  readonly to: readonly TypedOption[];
  /** By the name that the daemon asks for. */
  readonly stores: Map<string, string>;
  /** What could not be used, as a user should know it. */
  readonly warnings: readonly string[];
  /** Has the tag of each folder mean what was written to it. */
  finish(response: ReadonlyMap<string, string>): void;
}

/** Reads `--cache-from` and `--cache-to`. */
export function readCaches(flags: FlagValues): Caches {
  const stores = new Map<string, string>();
  const warnings: string[] = [];
  const from = flags
    .list('cache-from')
    .map(cacheOption)
    .flatMap((option) => {
      if (option.type !== 'local') return [option];
      try {
        return [withDigest(option, stores)];
      } catch (error) {
        warnings.push((error as Error).message);
        return [];
      }
    });
  const to = flags.list('cache-to').map(cacheOption);
  const written = to
    .filter(({ type }) => type === 'local')
    .map(({ attrs }) => {
      const folder = attrs.get('dest');
      if (!folder) throw new Error('local cache exporter requires dest');
      const layout = new LayoutFolder(folder);
      layout.make();
      stores.set(`local:${folder}`, folder);
      return { layout, tag: attrs.get('tag') ?? 'latest' };
    });
  const finish = (response: ReadonlyMap<string, string>) => {
    const manifest = response.get('cache.manifest');
    if (manifest !== undefined) for (const { layout, tag } of written) layout.tag(tag, JSON.parse(manifest));
  };
  return { from, to, stores, warnings, finish };
}

/** Docker: what is not there is told of, and the build goes on without it. */
function withDigest({ type, attrs }: TypedOption, stores: Map<string, string>): TypedOption {
  const folder = attrs.get('src');
  if (!folder) throw new Error('local cache importer requires src');
  const tag = attrs.get('tag') ?? 'latest';
  const layout = new LayoutFolder(folder);
  const digest = attrs.get('digest') ?? layout.find({ tag })?.digest;
  if (digest === undefined) throw new Error(`local cache import at ${folder} skipped: no digest found for tag ${tag}`);
  if (layout.sizeOf(digest) === undefined) {
    throw new Error(`local cache import at ${folder} skipped: digest ${digest} unavailable`);
  }
  stores.set(`local:${folder}`, folder);
  return { type, attrs: new Map([...attrs, ['digest', digest]]) };
}
