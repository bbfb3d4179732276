import type { IdMapping, IdMaps } from '#oci';

/** Of the tree that this process works on; undefined: owners are what they are. */
let maps: IdMaps | undefined;

/** From now on owners on the disk are those of a user namespace with these ids. */
export function shiftOwners(to: IdMaps | undefined): void {
  maps = to;
}

const NOBODY = 65_534;

/** An owner as archives have it. */
export function inside(kind: keyof IdMaps, id: number): number {
  if (!maps) return id;
  const found = maps[kind].find(({ hostId, size }) => id >= hostId && id < hostId + size);
  return found ? id - found.hostId + found.containerId : NOBODY;
}

/** An owner as the disk has it. Throws for one that the namespace does not have. */
export function outside(kind: keyof IdMaps, id: number): number {
  if (!maps) return id;
  const found = maps[kind].find((range: IdMapping) => id >= range.containerId && id < range.containerId + range.size);
  if (found) return id - found.containerId + found.hostId;
  throw new Error(`the owner ${id} is not among those of the container's user namespace`);
}
