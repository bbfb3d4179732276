import type { Context } from './context.ts';
import type { Container } from './record.ts';

type Teller = Pick<Context, 'events' | 'networks'>;

/** Records a container's event in the running transaction: all labels, image and name, and what the action adds. */
export function tell(
  { events }: Pick<Context, 'events'>,
  container: Pick<Container, 'id' | 'name' | 'spec'>,
  action: string,
  more: Readonly<Record<string, string>> = {},
): void {
  const { config } = container.spec;
  events.record('container', action, {
    ID: container.id,
    Attributes: { ...config.Labels, ...more, image: config.Image, name: container.name },
  });
}

/** The events of the volumes that come into use. */
export function tellMounted({ events }: Pick<Context, 'events'>, container: Container): void {
  for (const { type, name, driver, destination, rw, propagation } of container.mounts) {
    if (type !== 'volume' || !name) continue;
    events.record('volume', 'mount', {
      ID: name,
      Attributes: {
        container: container.id,
        destination,
        driver: driver ?? 'local',
        propagation,
        'read/write': String(rw),
      },
    });
  }
}

export function tellUnmounted({ events }: Pick<Context, 'events'>, container: Container): void {
  for (const { type, name, driver } of container.mounts) {
    if (type !== 'volume' || !name) continue;
    events.record('volume', 'unmount', {
      ID: name,
      Attributes: { container: container.id, driver: driver ?? 'local' },
    });
  }
}

/** The events of the networks a container joins or leaves; called while its endpoints are on record. */
export function tellNetworks(
  { events, networks }: Teller,
  container: Container,
  action: 'connect' | 'disconnect',
): void {
  for (const [name, endpoint] of Object.entries(networks.settings(container.id).Networks)) {
    if (endpoint.NetworkID === '') continue;
    events.record('network', action, {
      ID: endpoint.NetworkID,
      Attributes: { container: container.id, name, type: driverOf(name) },
    });
  }
}

/** The event of one network that a running container joined; called while its endpoint is on record. */
export function tellNetwork({ events, networks }: Teller, { id }: Container, network: string, action: 'connect'): void {
  for (const [name, endpoint] of Object.entries(networks.settings(id).Networks)) {
    if (endpoint.NetworkID === '' || (name !== network && !endpoint.NetworkID.startsWith(network))) continue;
    const Attributes = { container: id, name, type: driverOf(name) };
    events.record('network', action, { ID: endpoint.NetworkID, Attributes });
  }
}

/** The event of a network that a container left. */
export function tellLeft(
  { events }: Teller,
  { id }: Container,
  { name, networkId }: { readonly name: string; readonly networkId: string },
): void {
  const Attributes = { container: id, name, type: driverOf(name) };
  events.record('network', 'disconnect', { ID: networkId, Attributes });
}

/** The driver of a network by its name: three are predefined, all others are bridges. */
function driverOf(name: string): string {
  if (name === 'host') return 'host';
  return name === 'none' ? 'null' : 'bridge';
}
