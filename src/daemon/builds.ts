import { join } from 'node:path';
import type { Builder } from '#build';
import { BuildDoor } from '#builder';
import type { Log } from '#log';
import { hostArchitecture } from '#runtime';
import type { DaemonConfig } from './config.ts';

/** The release of BuildKit whose protocol is spoken. */
const BUILDKIT_VERSION = 'v0.25.1';

interface BuildsDeps {
  readonly config: DaemonConfig;
  readonly engineId: string;
  readonly builder: Builder;
  readonly networks: { inspect(name: string, options: { verbose: boolean; scope: string }): unknown };
  readonly log: Log;
}

/** The front door of BuildKit's clients. */
export function openBuildDoor({ config, engineId, builder, networks, log }: BuildsDeps): BuildDoor {
  const worker = () => ({
    id: engineId,
    hostGateway:
      config.bridge.hostGatewayIps?.[0] ?? gatewayOf(networks.inspect('bridge', { verbose: false, scope: '' })),
    platforms: [`linux/${hostArchitecture()}`],
    version: BUILDKIT_VERSION,
  });
  return new BuildDoor({ builder, root: join(config.dataRoot, 'builder'), worker, log });
}

function gatewayOf(network: unknown): string {
  const { IPAM } = network as { IPAM?: { Config?: { Gateway?: string }[] | null } };
  return IPAM?.Config?.[0]?.Gateway ?? '';
}
