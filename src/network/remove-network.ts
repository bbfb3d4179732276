import { forbidden } from '#errdefs';
import { failpoint } from '#sys';
import { recordOf } from './bridge-network.ts';
import { assertUnusedConfiguration } from './config-network.ts';
import type { Context } from './context.ts';
import { findNetwork } from './find.ts';
import { settleNetworks } from './recover.ts';
import type { NetworkRow } from './store.ts';

const SHORT_ID = 12;

/** Removes a network that no running container is in. Stopped ones that asked for it will not start. */
export async function removeNetwork(context: Context, name: string): Promise<void> {
  const row = findNetwork(context, name);
  if (row.settings === '') throw forbidden(`${row.name} is a pre-defined network and cannot be removed`);
  using _ = await context.changes.acquire();
  const current = findNetwork(context, row.id);
  if (recordOf(current)?.configOnly) assertUnusedConfiguration(context.rows, current);
  assertUnused(context, current);
  await takeAway(context, [row]);
}

function assertUnused({ rows }: Context, { id, name }: NetworkRow): void {
  const members = rows.members(id).map((member) => `name:"${member.name}" id:"${member.id.slice(0, SHORT_ID)}"`);
  if (members.length === 0) return;
  throw forbidden(`error while removing network: network ${name} has active endpoints (${members.join(', ')})`);
}

/** Removes the rows, then what follows from them. A bridge that a crash leaves is removed by the next start. */
export async function takeAway(context: Context, networks: readonly NetworkRow[]): Promise<void> {
  const { rows, kernel, events, durable, zones } = context;
  rows.tx(() => {
    for (const { id, name, driver } of networks) {
      rows.deleteNetwork(id);
      zones.forget(id);
      events.record('network', 'destroy', { ID: id, Attributes: { name, type: driver } });
    }
  });
  failpoint('network.remove.recorded');
  await settleNetworks(context);
  const bridges = networks.filter((row) => row.bridge !== null && !recordOf(row)!.isForeign);
  await kernel.call(
    'deleteLinks',
    bridges.map(({ bridge }) => bridge!),
  );
  failpoint('network.remove.bridge-removed');
  await durable();
}
