import { invalid } from '#errdefs';

/** Notes that an exporter writes, by where they go. */
export interface Annotations {
  readonly manifest: Readonly<Record<string, string>>;
  readonly manifestDescriptor: Readonly<Record<string, string>>;
  readonly index: Readonly<Record<string, string>>;
  readonly indexDescriptor: Readonly<Record<string, string>>;
}

const PLACES = {
  annotation: 'manifest',
  'annotation-manifest': 'manifest',
  'annotation-manifest-descriptor': 'manifestDescriptor',
  'annotation-index': 'index',
  'annotation-index-descriptor': 'indexDescriptor',
} as const;

/** Reads `annotation[-place][[platform]].key=value` of an exporter; what is for other platforms is left out. */
export function annotationsOf(attributes: ReadonlyMap<string, string>, platform: string): Annotations {
  const found: Record<keyof Annotations, Record<string, string>> = {
    ...{ manifest: {}, manifestDescriptor: {}, index: {}, indexDescriptor: {} },
  };
  for (const [name, value] of attributes) {
    const match = /^(annotation(?:-[a-z-]+)?)(?:\[([^\]]*)\])?\.(.+)$/.exec(name);
    if (!match) continue;
    const [, kind, wanted, key] = match;
    const place = PLACES[kind as keyof typeof PLACES];
    if (!place) throw invalid(`unrecognized annotation type ${kind!.slice('annotation-'.length)}`);
    if (wanted === undefined || wanted === platform) found[place][key!] = value;
  }
  const ordered = (all: Record<string, string>) => Object.fromEntries(Object.entries(all).sort());
  return {
    manifest: ordered(found.manifest),
    manifestDescriptor: ordered(found.manifestDescriptor),
    index: ordered(found.index),
    indexDescriptor: ordered(found.indexDescriptor),
  };
}
