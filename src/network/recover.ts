import { statSync } from 'node:fs';
import { bootId, failpoint } from '#sys';
import { connect } from './attach.ts';
import { restoreBridge } from './bridge.ts';
import type { Bridge } from './bridge-network.ts';
import { allBridges } from './bridge-network.ts';
import type { Context } from './context.ts';
import { isOwnLink } from './context.ts';
import { dropBridge } from './default-networks.ts';
import { ensureSubnet } from './default-subnets.ts';
import type { Accept } from './firewall/foreign.ts';
import { allPublications } from './firewall/publications.ts';
import type { BridgeRules } from './firewall/rules.ts';
import { removeTable, renderTable } from './firewall/rules.ts';
import { pointRoutes } from './routes.ts';
import { formatIpv4 } from './subnet.ts';

const FORWARDING = 'forwarding';
const FORWARDING_6 = 'forwarding6';

/** The containers that run, with a living process of each where one is known. */
export type Live = ReadonlySet<string> | ReadonlyMap<string, number | undefined>;

/**
 * Brings kernel and records together at start: rows of containers that no longer run go, every network has its bridge, the
 * table is what the rows say, links of ours without an owner are gone, and those that an owner lacks are made.
 */
export async function recover(context: Context, live: Live): Promise<void> {
  const { rows, log } = context;
  rows.tx(() => {
    for (const owner of rows.sandboxOwners()) if (!live.has(owner)) rows.deleteSandbox(owner);
  });
  failpoint('network.recover.released');
  if (live instanceof Map) for (const [id, pid] of live) if (pid !== undefined) context.pids.set(id, pid);
  dropBridge(context);
  failpoint('network.recover.bridge-dropped');
  await ensureSubnet(context);
  failpoint('network.recover.subnet-chosen');
  await sweepLinks(context);
  for (const network of allBridges(context)) await restoreBridge(context, network);
  await completeSandboxes(context);
  await forwardAndRender(context);
  const accepts = await guardBridges(context);
  if (accepts.length > 0) log.info('placed accepts in foreign forward chains', { accepts });
  failpoint('network.recover.guarded');
  forgetOldFlows(context);
}

/** First the rules, then the traffic: transit must not pass in between. */
async function forwardAndRender(context: Context): Promise<void> {
  const { rows, kernel, config } = context;
  const mayForward = config.ipForward ?? true;
  const hasSix = rows.networks().some(({ subnet6 }) => subnet6 !== null);
  const four = mayForward && !(await kernel.call('isForwarding', undefined));
  const six = mayForward && hasSix && !(await kernel.call('isForwarding6', undefined));
  if (four || six) {
    rows.tx(() => {
      if (four) rows.setFact(FORWARDING, thisNamespace());
      if (six) rows.setFact(FORWARDING_6, thisNamespace());
    });
  }
  await render(context);
  if (four) await kernel.call('forward', undefined);
  if (six) await kernel.call('forward6', undefined);
}

/** What follows when a network came or went: forwarding of its families, the table, and our accepts in foreign chains. */
export async function settleNetworks(context: Context): Promise<void> {
  await forwardAndRender(context);
  failpoint('network.settle.rendered');
  await guardBridges(context);
  failpoint('network.settle.guarded');
}

async function guardBridges(context: Context): Promise<Accept[]> {
  if (!(context.config.iptables ?? true)) return [];
  return await context.kernel.call('guard', guardRequest(context));
}

/** What the guard looks after: our table, and accepts for every bridge. */
export function guardRequest(context: Context): { table: string; bridges: string[] } {
  return { table: context.names.table, bridges: allBridges(context).map(({ bridge }) => bridge) };
}

/** Flows to containers that ended while no daemon ran. */
function forgetOldFlows(context: Context): void {
  const { rows, kernel, log } = context;
  const addresses = rows.allEndpoints().map(({ address }) => address);
  const leased = addresses.filter((address) => address !== null).map(formatIpv4);
  for (const { subnet, gateway } of allBridges(context)) {
    if (!subnet || !gateway) continue;
    kernel.call('forgetFlows', { subnet, except: [gateway, ...leased] }).catch((error: unknown) => {
      log.warn('tracked flows could not be deleted', { error });
    });
  }
}

/** Renders the whole table from the rows and swaps it in. */
export async function render(context: Context): Promise<void> {
  const { rows, kernel, config, names } = context;
  if (!(config.iptables ?? true)) return;
  const here = thisNamespace();
  const text = renderTable({
    table: names.table,
    bridges: allBridges(context).map(rulesOf),
    publications: allPublications(rows),
    dropTransit: { four: rows.fact(FORWARDING) === here, six: rows.fact(FORWARDING_6) === here },
  });
  await kernel.call('render', { text });
}

function rulesOf({ bridge, subnet, gateway, subnet6, gateway6, ...network }: Bridge): BridgeRules {
  const { masquerade, icc, internal, mode4, mode6 } = network;
  return {
    bridge,
    ...(subnet && gateway ? { four: { subnet, gateway } } : {}),
    ...(subnet6 && gateway6 ? { six: { subnet: subnet6, gateway: gateway6 } } : {}),
    masquerade: { four: masquerade, six: masquerade },
    icc,
    internal,
    direct: { four: mode4 === 'nat-unprotected', six: mode6 === 'nat-unprotected' },
  };
}

/** Removes what is ours from the kernel: for uninstalling, with no container running. */
export async function uninstall(context: Context): Promise<void> {
  const { kernel, names, config } = context;
  if (config.iptables ?? true) {
    await kernel.call('guard', guardRequest(context));
    await kernel.call('unguard', undefined);
    await kernel.call('render', { text: removeTable(names.table) });
  }
  const links = await kernel.call('listLinks', undefined);
  const own = links.filter(({ name, alias }) => isOwnLink(names, name) || alias.startsWith(names.alias));
  await kernel.call(
    'deleteLinks',
    own.map(({ name }) => name),
  );
}

/** Deletes links that bear our mark and belong to no endpoint or network. */
async function sweepLinks(context: Context): Promise<void> {
  const { rows, kernel, log, names } = context;
  const links = await kernel.call('listLinks', undefined);
  const owned = new Set([
    ...rows.allEndpoints().map(({ link }) => link),
    ...rows.networks().map(({ bridge }) => bridge),
  ]);
  const stale = links
    .filter(({ name, alias }) => isOwnLink(names, name) || alias.startsWith(names.alias))
    .map(({ name }) => name)
    .filter((name) => !owned.has(name));
  if (stale.length === 0) return;
  log.warn('deleting links without an owner', { links: stale });
  await kernel.call('deleteLinks', stale);
  failpoint('network.recover.swept');
}

/** A connect or disconnect that was cut short: makes the links that are on record, and points default routes where they belong. */
async function completeSandboxes(context: Context): Promise<void> {
  const { rows, kernel, pids, log, predefined } = context;
  const present = new Set((await kernel.call('listLinks', undefined)).map(({ name }) => name));
  for (const [containerId, pid] of pids) {
    const endpoints = rows.endpoints(containerId).filter(({ link }) => link !== null);
    if (endpoints.length === 0 || endpoints.every(({ networkId }) => networkId === predefined)) continue;
    try {
      for (const endpoint of endpoints) {
        if (!present.has(endpoint.link!)) await connect(context, { endpoint, ports: [], pid });
      }
      await pointRoutes(context, { endpoints, pid });
      failpoint('network.recover.completed');
    } catch (error) {
      log.warn('the networks of a container could not be completed', { container: containerId, error });
    }
  }
}

/** This boot's network namespace: where a fact about it holds. */
const thisNamespace = () => `${bootId()} ${statSync('/proc/self/ns/net').ino}`;
