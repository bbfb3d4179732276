import type { ContainerSummary, Filters, MountPoint, PortMap, PortSummary } from '#api';
import { EngineError } from '#errdefs';
import type { Context } from './context.ts';
import { humanStatus } from './human.ts';
import { mountPoint, networkSettings, sizes } from './inspect.ts';
import { linkedNames } from './link-environment.ts';
import { listFilter } from './list-filters.ts';
import type { Container } from './record.ts';
import { isUp } from './record.ts';
import type { Link } from './store.ts';

export interface ListOptions {
  readonly all: boolean;
  readonly limit: number | undefined;
  readonly size: boolean;
  readonly filters: Filters;
}

/** The containers that pass, newest first. A limit counts stopped ones too, as Docker's does. */
export async function list(context: Context, options: ListOptions): Promise<ContainerSummary[]> {
  const containers = context.recent.list();
  const limit = options.limit !== undefined && options.limit > 0 ? options.limit : undefined;
  const links = context.recent.links();
  const filter = listFilter(context, options.filters, { newestFirst: containers, links });
  const everything = options.all || limit !== undefined || filter.coversStopped;
  const chosen = containers
    .filter((container) => (everything || isUp(container)) && filter.accepts(container))
    .slice(0, limit);
  if (!options.size) return chosen.map((container) => summary(context, container, links));
  return await Promise.all(
    chosen.map(async (container) => ({
      ...summary(context, container, links),
      ...(await sizesOf(context, container)),
    })),
  );
}

/** Docker leaves SizeRw out when it is 0. */
async function sizesOf(context: Context, container: Container) {
  const { SizeRw, SizeRootFs } = await sizes(context, container);
  return { ...(SizeRw > 0 ? { SizeRw } : {}), SizeRootFs };
}

/** By the record that they were made of: {@link RecentReads} gives the same one as long as nothing is written. */
const kept = new WeakMap<Container, ContainerSummary>();

/** Only what tells the time passed is worked out each time. */
function summary(context: Context, container: Container, links: readonly Link[]): ContainerSummary {
  let known = kept.get(container);
  if (!known) kept.set(container, (known = freshSummary(context, container, links)));
  return { ...known, Status: humanStatus(container) };
}

function freshSummary(context: Context, container: Container, links: readonly Link[]): ContainerSummary {
  const { config, hostConfig } = container.spec;
  const settings = networkSettings(context, container);
  return {
    Id: container.id,
    Names: [`/${container.name}`, ...linkedNames(links, container.id)],
    Image: shownImage(context, container),
    ImageID: container.imageId,
    Command: commandWords(container.spec.path, container.spec.args),
    Created: Number(container.createdNano / 1_000_000_000n),
    Ports: ports(settings.Ports),
    Labels: config.Labels ?? {},
    State: container.status,
    Status: '',
    HostConfig: { NetworkMode: hostConfig.NetworkMode, ...annotations(hostConfig.Annotations) },
    NetworkSettings: { Networks: settings.Networks },
    Mounts: container.mounts.map(mountPoint).map((m) => (isImplied(container, m) ? { ...m, Source: '' } : m)),
  };
}

/** Docker: a list does not say where a volume lies that only the configuration asks for, by its place. */
function isImplied({ spec: { config, hostConfig } }: Container, { Type, Destination }: MountPoint): boolean {
  if (Type !== 'volume' || config.Volumes?.[Destination] === undefined) return false;
  const isBound = (bind: string) => bind === Destination || bind.split(':')[1] === Destination;
  return !hostConfig.Binds?.some(isBound) && !hostConfig.Mounts?.some(({ Target }) => Target === Destination);
}

function annotations(given: Record<string, string> | null | undefined): { Annotations?: Record<string, string> } {
  return given && Object.keys(given).length > 0 ? { Annotations: given } : {};
}

/** The name it was made from, or the image's id when the name means another image by now. */
function shownImage({ images }: Context, container: Container): string {
  const name = container.spec.config.Image;
  try {
    return images.resolve(name).id === container.imageId ? name : container.imageId;
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    return container.imageId;
  }
}

/** Docker quotes an argument with a space in it, and nothing else. */
export function commandWords(path: string, args: readonly string[]): string {
  return [path, ...args.map((arg) => (arg.includes(' ') ? `'${arg}'` : arg))].join(' ');
}

/** One entry per binding, exposed ports without a public one. */
export function ports(map: PortMap): PortSummary[] {
  return Object.entries(map ?? {}).flatMap(([port, bindings]) => {
    const [number = '', protocol = 'tcp'] = port.split('/');
    const exposed = { PrivatePort: Number(number), Type: protocol };
    if (!bindings?.length) return [exposed];
    return bindings.map(({ HostIp, HostPort }) => ({
      IP: HostIp,
      PrivatePort: exposed.PrivatePort,
      PublicPort: Number(HostPort),
      Type: protocol,
    }));
  });
}
