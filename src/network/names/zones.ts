import type { NetworkStore } from '../store.ts';
import { formatIpv4 } from '../subnet.ts';

/** A container as a network's names lead to it. */
export interface Named {
  readonly containerId: string;
  readonly address: string | undefined;
  readonly address6: string | undefined;
  /** The first is what reverse lookups answer. */
  readonly names: readonly string[];
}

export interface Zone {
  /** By name in lower case. */
  readonly byName: ReadonlyMap<string, readonly Named[]>;
  readonly byAddress: ReadonlyMap<string, Named>;
}

/** The names in each network, made from the rows when they are asked for and kept until they change. */
export class Zones {
  readonly #rows: NetworkStore;
  readonly #zones = new Map<string, Zone>();

  constructor(rows: NetworkStore) {
    this.#rows = rows;
  }

  of(networkId: string): Zone {
    const known = this.#zones.get(networkId);
    if (known) return known;
    const zone = build(this.#rows, networkId);
    this.#zones.set(networkId, zone);
    return zone;
  }

  /** Somebody came, went or is called otherwise. */
  forget(networkId: string): void {
    this.#zones.delete(networkId);
  }
}

function build(rows: NetworkStore, networkId: string): Zone {
  const byName = new Map<string, Named[]>();
  const byAddress = new Map<string, Named>();
  for (const { containerId, address, address6, settings } of rows.callings(networkId)) {
    const names = (JSON.parse(settings) as { DNSNames?: string[] | null }).DNSNames ?? [];
    const named: Named = {
      containerId,
      address: address === null ? undefined : formatIpv4(address),
      address6: address6 ?? undefined,
      names,
    };
    for (const name of new Set(names.map((one) => one.toLowerCase()))) {
      byName.set(name, [...(byName.get(name) ?? []), named]);
    }
    for (const own of [named.address, named.address6]) if (own !== undefined) byAddress.set(own, named);
  }
  return { byName, byAddress };
}
