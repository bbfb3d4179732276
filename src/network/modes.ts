import type { EndpointSettings } from '#api';

export const NOT_HOST = 'cannot connect container to host network - container must be created in host network mode';

/** What a container's NetworkMode asks for. */
export type Mode =
  | { kind: 'host' }
  | { kind: 'none' }
  | { kind: 'container'; container: string }
  | { kind: 'network'; network: string };

/** Reads a NetworkMode; '' and `default` are the network `bridge`. */
export function parseMode(mode: string): Mode {
  if (mode === 'host' || mode === 'none') return { kind: mode };
  if (mode.startsWith('container:')) return { kind: 'container', container: mode.slice('container:'.length) };
  return { kind: 'network', network: mode === '' || mode === 'default' ? 'bridge' : mode };
}

/** The networks a container has a place in, by name: that of its mode, and what it names besides. */
export function endpointsOf(
  mode: Mode,
  given: Readonly<Record<string, EndpointSettings | null>> | null | undefined,
): Map<string, Partial<EndpointSettings>> {
  if (mode.kind === 'container') return new Map();
  const name = mode.kind === 'network' ? mode.network : mode.kind;
  const named = Object.entries(given ?? {}).map(
    ([key, settings]) => [key === 'default' ? 'bridge' : key, settings ?? {}] as const,
  );
  const all = new Map<string, Partial<EndpointSettings>>(named);
  // Docker: an endpoint for another network only stands in for the mode's.
  if (all.size === 0) all.set(name, {});
  return all;
}
