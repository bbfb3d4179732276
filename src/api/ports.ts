import type { Infer } from '#schema';
import { array, map, object, string } from '#schema';

/** One place on the host where a container's port is published; empty strings mean "any". */
export const PortBinding = object('nat.PortBinding', { HostIp: string(), HostPort: string() });
export type PortBinding = Infer<typeof PortBinding>;

/** Bindings by port (`80/tcp`); null for a port that is exposed but not published. */
export const PortMap = map(array(PortBinding), 'nat.PortMap');
export type PortMap = Record<string, PortBinding[] | null>;

/** One line of `docker ps`' PORTS column. */
export interface PortSummary {
  IP?: string;
  PrivatePort: number;
  PublicPort?: number;
  Type: string;
}
