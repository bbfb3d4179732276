import { join } from 'node:path';
import type { Builder } from '#build';
import type { FindBase } from '#builder';
import { BuildDoor } from '#builder';
import type { Images } from '#image';
import type { Log } from '#log';
import { runnablePlatforms } from '#runtime';
import type { DaemonConfig } from './config.ts';

/** The release of BuildKit whose protocol is spoken. */
const BUILDKIT_VERSION = 'v0.25.1';

interface BuildsDeps {
  readonly config: DaemonConfig;
  readonly engineId: string;
  readonly builder: Builder;
  readonly networks: { inspect(name: string, options: { verbose: boolean; scope: string }): unknown };
  readonly images: Pick<Images, 'idOf' | 'get'>;
  readonly log: Log;
}

/** The front door of BuildKit's clients. */
export function openBuildDoor({ config, engineId, builder, networks, images, log }: BuildsDeps): BuildDoor {
  const defaultGateway = () =>
    config.bridge.isAbsent ? '' : gatewayOf(networks.inspect('bridge', { verbose: false, scope: '' }));
  const worker = () => ({
    id: engineId,
    hostGateway: config.bridge.hostGatewayIps?.[0] ?? defaultGateway(),
    platforms: runnablePlatforms(),
    version: BUILDKIT_VERSION,
  });
  const findBase: FindBase = async ({ kind, reference }) => {
    const id = kind === 'image' ? images.idOf(reference) : undefined;
    const image = id && images.get(id);
    return image && { image: image.config };
  };
  return new BuildDoor({ builder, root: join(config.dataRoot, 'builder'), worker, findBase, log });
}

function gatewayOf(network: unknown): string {
  const { IPAM } = network as { IPAM?: { Config?: { Gateway?: string }[] | null } };
  return IPAM?.Config?.[0]?.Gateway ?? '';
}
