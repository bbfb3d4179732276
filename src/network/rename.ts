import type { Context } from './context.ts';
import type { Asked } from './lease.ts';

/** Tells the new name of a container: to network inspect, and to the zones it is in. Inside the caller's transaction. */
export function rename({ rows, zones }: Context, containerId: string, name: string): void {
  rows.renameSandbox(containerId, name);
  for (const { network, networkId, settings } of rows.attachments(containerId)) {
    const asked = JSON.parse(settings) as Asked;
    if (!asked.DNSNames?.length) continue;
    const [, ...others] = asked.DNSNames;
    rows.putAttachment(containerId, network, JSON.stringify({ ...asked, DNSNames: [name, ...others] }));
    zones.forget(networkId);
  }
}
