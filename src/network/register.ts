import type { EndpointSettings } from '#api';
import type { Context } from './context.ts';
import { endpointsOf, parseMode } from './modes.ts';
import type { SandboxRequest } from './reserve.ts';
import type { NetworkStore } from './store.ts';

/** Keeps what a new container asks of its networks. Inside the caller's transaction. */
export function register({ rows }: Pick<Context, 'rows'>, request: SandboxRequest): void {
  const { containerId, hostConfig, config, endpoints } = request;
  if (config.NetworkDisabled) return;
  for (const [name, asked] of placesOf(rows, endpointsOf(parseMode(hostConfig.NetworkMode), endpoints))) {
    rows.putAttachment(containerId, name, JSON.stringify(asked));
  }
}

/** By the names of the networks, where they are there: clients may use ids, and both for one. */
export function placesOf(
  rows: NetworkStore,
  given: ReadonlyMap<string, Partial<EndpointSettings>>,
): Map<string, Partial<EndpointSettings>> {
  const places = new Map<string, Partial<EndpointSettings>>();
  for (const [key, asked] of given) {
    const name = nameOf(rows, key);
    const said = Object.fromEntries(Object.entries(asked).filter(([, value]) => value && value !== ''));
    places.set(name, { ...places.get(name), ...said });
  }
  return places;
}

function nameOf(rows: NetworkStore, key: string): string {
  if (rows.network(key)) return key;
  const isId = /^[0-9a-f]{3,64}$/.test(key);
  const found = isId ? rows.networks().filter(({ id }) => id.startsWith(key)) : [];
  return found.length === 1 ? found[0]!.name : key;
}
