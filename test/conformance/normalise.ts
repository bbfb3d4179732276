const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;
const ZERO_TIME = '0001-01-01T00:00:00Z';

/** Replaces what differs between any two runs (ids, times, addresses, paths) by a name for its kind. */
export function normalise(value: unknown, kept: ReadonlyMap<string, string>): unknown {
  const names = [...kept].filter(([, id]) => id.length >= 12).map(([name, id]) => [id, `<${name}>`] as const);
  return walk(value, names);
}

function walk(value: unknown, names: readonly (readonly [string, string])[]): unknown {
  if (typeof value === 'string') return text(value, names);
  if (typeof value === 'number') return value > 1_500_000_000 ? '<time>' : value;
  if (Array.isArray(value)) return inOrder(value.map((item) => walk(item, names)));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(
    ([key, item]) => [text(key, names), ordered(key, walk(item, names))] as const,
  );
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Docker: the changes of a container come in the order of a Go map, which is none. */
function inOrder(items: unknown[]): unknown[] {
  const isChange = (item: unknown) =>
    typeof item === 'object' && item !== null && Object.keys(item).join() === 'Kind,Path';
  if (!items.every(isChange)) return items;
  return items.toSorted((a, b) => ((a as { Path: string }).Path < (b as { Path: string }).Path ? -1 : 1));
}

/** Docker: mount points come in the order of a Go map, which is none. */
function ordered(key: string, value: unknown): unknown {
  if (key !== 'Mounts' || !Array.isArray(value)) return value;
  const target = (mount: unknown) => String((mount as { Destination?: string }).Destination);
  return value.toSorted((a, b) => (target(a) < target(b) ? -1 : 1));
}

function text(value: string, names: readonly (readonly [string, string])[]): string {
  if (TIME.test(value)) return value === ZERO_TIME ? value : '<time>';
  let out = value;
  for (const [id, name] of names) out = out.replaceAll(id, name).replaceAll(id.slice(0, 12), `${name}12`);
  return out
    .replaceAll(/sha256:[0-9a-f]{64}/g, '<sha256>')
    .replaceAll(/\b[0-9a-f]{64}\b/g, '<hex64>')
    .replaceAll(/\b[0-9a-f]{12}\b/g, '<hex12>')
    .replaceAll(/\b([0-9a-f]{2}:){5}[0-9a-f]{2}\b/g, '<mac>')
    .replaceAll(/\b(172\.\d+|192\.168)\.\d+\.\d+\b/g, '<ip>')
    .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z/g, '<time>')
    .replaceAll(/\/var\/[a-z]*\/?[\w./-]*?(?=\/(containers|volumes|netns|snapshots|overlay2)\/)/g, '<root>');
}

/** Removes the value at a dotted path (`*`: every element), so that it is not compared. */
export function without(value: unknown, path: string): unknown {
  const [first, ...rest] = path.split('.');
  if (typeof value !== 'object' || value === null) return value;
  const isWanted = (key: string) => first === '*' || key === first;
  if (Array.isArray(value)) return value.map((item, i) => (isWanted(String(i)) ? without(item, rest.join('.')) : item));
  const entries = Object.entries(value).flatMap(([key, item]) => {
    if (!isWanted(key)) return [[key, item] as const];
    return rest.length === 0 ? [] : [[key, without(item, rest.join('.'))] as const];
  });
  return Object.fromEntries(entries);
}

/** The names and types of a value; of a list those of its first element. */
export function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, 1).map(shapeOf);
  if (typeof value !== 'object' || value === null) return value === null ? null : `<${typeof value}>`;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, shapeOf(item)]));
}
