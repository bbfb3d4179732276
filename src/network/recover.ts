import { statSync } from 'node:fs';
import { bootId, failpoint } from '#sys';
import { restoreBridge } from './bridge.ts';
import type { Context } from './context.ts';
import { asBridge, isOwnLink } from './context.ts';
import { ensureSubnet } from './default-networks.ts';
import { allPublications } from './firewall/publications.ts';
import { removeTable, renderTable } from './firewall/rules.ts';
import { formatIpv4 } from './subnet.ts';

const FORWARDING = 'forwarding';

/** The containers that run, with a living process of each where one is known. */
export type Live = ReadonlySet<string> | ReadonlyMap<string, number | undefined>;

/**
 * Brings kernel and records together at start: rows of containers that no longer run go, the bridge is there, the table
 * is what the rows say, links of ours without an owner are gone.
 */
export async function recover(context: Context, live: Live): Promise<void> {
  const { rows, kernel, log, config, names } = context;
  rows.tx(() => {
    for (const owner of rows.sandboxOwners()) if (!live.has(owner)) rows.deleteSandbox(owner);
  });
  failpoint('network.recover.released');
  if (live instanceof Map) for (const [id, pid] of live) if (pid !== undefined) context.pids.set(id, pid);
  await ensureSubnet(context);
  failpoint('network.recover.subnet-chosen');
  await sweepLinks(context);
  await restoreBridge(context);
  const mustForward = (config.ipForward ?? true) && !(await kernel.call('isForwarding', undefined));
  // First the rules, then the traffic: transit must not pass in between.
  if (mustForward) rows.tx(() => rows.setFact(FORWARDING, thisNamespace()));
  await render(context);
  if (mustForward) await kernel.call('forward', undefined);
  if (config.iptables ?? true) {
    const accepts = await kernel.call('guard', { table: names.table, bridges: [names.bridge] });
    if (accepts.length > 0) log.info('placed accepts in foreign forward chains', { accepts });
  }
  failpoint('network.recover.guarded');
  forgetOldFlows(context);
}

/** Flows to containers that ended while no daemon ran. */
function forgetOldFlows({ rows, kernel, log }: Context): void {
  const { subnet, gateway } = asBridge(rows.network('bridge'))!;
  const addresses = rows.allEndpoints().map(({ address }) => address);
  const except = [gateway, ...addresses.filter((address) => address !== null).map(formatIpv4)];
  kernel.call('forgetFlows', { subnet, except }).catch((error: unknown) => {
    log.warn('tracked flows could not be deleted', { error });
  });
}

/** Renders the whole table from the rows and swaps it in. */
export async function render({ rows, kernel, config, names }: Context): Promise<void> {
  if (!(config.iptables ?? true)) return;
  const bridges = rows
    .networks()
    .map(asBridge)
    .filter((network) => network !== undefined);
  const text = renderTable({
    table: names.table,
    bridges: bridges.map(({ bridge, subnet, gateway }) => ({
      bridge,
      subnet,
      gateway,
      masquerade: config.ipMasq ?? true,
      icc: config.icc ?? true,
    })),
    publications: allPublications(rows),
    dropTransit: rows.fact(FORWARDING) === thisNamespace(),
  });
  await kernel.call('render', { text });
}

/** Removes what is ours from the kernel: for uninstalling, with no container running. */
export async function uninstall({ kernel, names, config }: Context): Promise<void> {
  if (config.iptables ?? true) {
    await kernel.call('guard', { table: names.table, bridges: [names.bridge] });
    await kernel.call('unguard', undefined);
    await kernel.call('render', { text: removeTable(names.table) });
  }
  const links = await kernel.call('listLinks', undefined);
  const own = links.filter(({ name }) => isOwnLink(names, name) || name === names.bridge);
  await kernel.call(
    'deleteLinks',
    own.map(({ name }) => name),
  );
}

/** Deletes links that bear our mark and belong to no endpoint. */
async function sweepLinks({ rows, kernel, log, names }: Context): Promise<void> {
  const links = await kernel.call('listLinks', undefined);
  const owned = new Set(rows.allEndpoints().map(({ link }) => link));
  const stale = links.map(({ name }) => name).filter((name) => isOwnLink(names, name) && !owned.has(name));
  if (stale.length === 0) return;
  log.warn('deleting links without an owner', { links: stale });
  await kernel.call('deleteLinks', stale);
  failpoint('network.recover.swept');
}

/** This boot's network namespace: where a fact about it holds. */
const thisNamespace = () => `${bootId()} ${statSync('/proc/self/ns/net').ino}`;
