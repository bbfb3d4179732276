import type { IPAMConfig, NetworkCreateRequest, NetworkCreateResponse } from '#api';
import { conflict, forbidden, internal, invalid, notFound, notImplemented } from '#errdefs';
import { failpoint } from '#sys';
import { ensureBridge } from './bridge.ts';
import type { NetworkRecord } from './bridge-network.ts';
import { asBridge } from './bridge-network.ts';
import type { Addressing } from './choose-subnets.ts';
import { chooseFour, chooseSix } from './choose-subnets.ts';
import { checkConfiguration, configurationOf, sourceOf, withConfiguration } from './config-network.ts';
import type { Context } from './context.ts';
import { bridgeName, newId } from './context.ts';
import { timestamp } from './default-networks.ts';
import { familyOption, parseDriverOptions, withoutFields } from './driver-options.ts';
import { checkIpamConfig } from './ipam-config.ts';
import { KernelError } from './kernel/kernel.ts';
import { settleNetworks } from './recover.ts';
import type { NetworkRow } from './store.ts';
import { parseCidr } from './subnet.ts';
import { look } from './subnet-world.ts';
import { parseCidr6 } from './subnet6.ts';

const PREDEFINED = ['bridge', 'host', 'none', 'default'];
const NO_SWARM =
  'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again.';

/**
 * Makes a network: first the bridge, which says whose it is, then its row, then the rules. A crash in between leaves a
 * bridge without an owner, which the next start removes.
 */
export async function createNetwork(context: Context, request: NetworkCreateRequest): Promise<NetworkCreateResponse> {
  check(context, request);
  using _ = await context.changes.acquire();
  checkFree(context, request);
  const row = await plan(context, request);
  if (row.bridge !== null) await makeBridge(context, row);
  failpoint('network.create.bridge-made');
  context.rows.tx(() => {
    context.rows.insertNetwork(row);
    const Attributes = { name: row.name, type: row.driver };
    context.events.record('network', 'create', { ID: row.id, Attributes });
  });
  failpoint('network.create.recorded');
  if (row.bridge !== null) await settleNetworks(context);
  await context.durable();
  return { Id: row.id, Warning: '' };
}

/** What can be seen to be wrong before anything is chosen, in Docker's order. */
function check(context: Context, request: NetworkCreateRequest): void {
  const { rows } = context;
  const { Name, Driver, IPAM } = request;
  if (PREDEFINED.includes(Name)) throw forbidden(`operation is not permitted on predefined ${Name} network `);
  if (Driver === 'overlay') throw forbidden(NO_SWARM);
  checkIpamConfig(configsOf(IPAM?.Config), askedOf(context, request));
  if (rows.network(Name)) throw conflict(`network with name ${Name} already exists`);
  checkConfiguration(request);
  if (request.ConfigOnly) return;
  if (request.Ingress) throw forbidden('Ingress network can only be global scope network');
  checkDriver(Driver);
  if (sourceOf(request) === '') checkFamilies(context, request);
}

function checkDriver(Driver: string): void {
  if (Driver === 'host' || Driver === 'null') throw forbidden(`only one instance of "${Driver}" network is allowed`);
  if (Driver === 'macvlan' || Driver === 'ipvlan')
    throw notImplemented(`the network driver ${Driver} is not supported`);
  if (Driver !== '' && Driver !== 'bridge') throw notFound(`plugin ${JSON.stringify(Driver)} not found`);
}

/** What decides whether there can be addresses. */
function checkFamilies(context: Context, request: NetworkCreateRequest): void {
  const { ipv4, ipv6 } = askedOf(context, request);
  if (!ipv4 && !ipv6) throw invalid('IPv4 or IPv6 must be enabled');
  checkIpamDriver(request.IPAM?.Driver ?? '');
}

function checkIpamDriver(driver: string): void {
  if (driver === 'null') throw invalid('ipv4 pool is empty');
  if (driver !== '' && driver !== 'default') throw notFound(`plugin ${JSON.stringify(driver)} not found`);
}

/** The name, once nobody else can take it meanwhile. */
function checkFree({ rows }: Context, { Name }: NetworkCreateRequest): void {
  if (rows.network(Name)) throw conflict(`network with name ${Name} already exists`);
}

const configsOf = (configs: readonly IPAMConfig[] | null | undefined) => configs ?? [];

interface Asked {
  readonly options: Record<string, string>;
  readonly ipv4: boolean;
  readonly ipv6: boolean;
}

/** The driver's options and the families of a network; where the configuration is another's, its own are all. */
function askedOf({ config }: Context, request: NetworkCreateRequest): Asked {
  const isOwn = sourceOf(request) === '';
  const { EnableIPv4, EnableIPv6, Options } = request;
  const options = { ...(isOwn ? config.defaultOptions : {}), ...Options };
  const fields = [...(EnableIPv4 == null ? [] : [4 as const]), ...(EnableIPv6 == null ? [] : [6 as const])];
  return {
    options: isOwn ? withoutFields(options, fields) : options,
    ipv4: EnableIPv4 ?? familyOption(options, 4) ?? true,
    ipv6: EnableIPv6 ?? familyOption(options, 6) ?? false,
  };
}

async function plan(context: Context, given: NetworkCreateRequest): Promise<NetworkRow> {
  if (given.ConfigOnly) return configRow(context, given);
  const { rows, names } = context;
  const request = withConfiguration(rows, given);
  if (request !== given) checkFamilies(context, request);
  const { options, ipv4, ipv6 } = askedOf(context, request);
  const world = await look(context);
  const configs = configsOf(request.IPAM?.Config);
  const four = ipv4 ? chooseFour(configs, world) : undefined;
  const six = ipv6 ? chooseSix(configs, world) : undefined;
  const parsed = parseDriverOptions(options);
  for (const mode of [parsed.mode4, parsed.mode6]) {
    if (mode !== 'nat' && mode !== 'nat-unprotected') throw notImplemented(`the gateway mode ${mode} is not supported`);
  }
  const id = newId();
  const bridge = parsed.bridge || bridgeName(names, id);
  const rival = rows.networks().find((row) => row.bridge === bridge);
  if (rival) throw sameBridge({ id, bridge }, rival);
  return {
    ...{ id, name: request.Name, driver: 'bridge', created: timestamp(), bridge },
    ...{ subnet: four?.subnet ?? null, gateway: four?.gateway ?? null },
    ...{ subnet6: six?.subnet ?? null, gateway6: six?.gateway ?? null },
    settings: JSON.stringify(recordFor(request, { options, four, six })),
  };
}

/** Docker: whatever driver was asked for, older engines shall take it for no network that they could use. */
function configRow(context: Context, request: NetworkCreateRequest): NetworkRow {
  return {
    ...{ id: newId(), name: request.Name, driver: 'null', created: timestamp() },
    ...{ bridge: null, subnet: null, gateway: null, subnet6: null, gateway6: null },
    settings: JSON.stringify(configurationOf(request, askedOf(context, request))),
  };
}

const sameBridge = ({ id, bridge }: { id: string; bridge: string }, rival: NetworkRow) =>
  forbidden(
    `cannot create network ${id} (${bridge}): conflicts with network ${rival.id} (${bridge}): networks have same bridge name`,
  );

function recordFor(
  request: NetworkCreateRequest,
  {
    options,
    four,
    six,
  }: { options: Record<string, string>; four: Addressing | undefined; six: Addressing | undefined },
): NetworkRecord {
  const { IPAM, Internal, Attachable, Labels } = request;
  const configs = configsOf(IPAM?.Config);
  const isGiven = (parse: (text: string) => unknown) => configs.some(({ Subnet }) => parse(Subnet ?? '') !== undefined);
  // Docker: what it chose itself it shows, but no gateway that was left open beside a subnet.
  const chosen = [
    ...(!four || isGiven(parseCidr) ? [] : [{ Subnet: four.subnet, Gateway: four.gateway }]),
    ...(!six || isGiven(parseCidr6) ? [] : [{ Subnet: six.subnet, Gateway: six.gateway }]),
  ];
  return {
    ipam: { Driver: 'default', Options: IPAM?.Options ?? null, Config: [...configs, ...chosen] },
    configured: configs.map(({ Subnet }) => Subnet ?? '').filter((text) => four || parseCidr6(text)),
    internal: Internal,
    attachable: Attachable,
    ...(four ? {} : { ipv4: false }),
    ipv6: six !== undefined,
    options,
    labels: Labels ?? {},
    ...(four?.range ? { range: four.range } : {}),
    ...(six?.range ? { range6: six.range } : {}),
    reserved: four?.reserved ?? [],
    reserved6: six?.reserved ?? [],
    isForeign: false,
    ...(sourceOf(request) === '' ? {} : { configFrom: sourceOf(request) }),
  };
}

/** Makes the link; one that the user named may be there already, and then stays his. */
async function makeBridge(context: Context, row: NetworkRow): Promise<void> {
  const network = asBridge(context, row)!;
  const isThere = (await context.kernel.call('listLinks', undefined)).some(({ name }) => name === network.bridge);
  if (isThere) {
    const record: NetworkRecord = { ...network.record!, isForeign: true };
    row.settings = JSON.stringify(record);
  }
  try {
    await ensureBridge(context, asBridge(context, row)!);
  } catch (error) {
    throw internal(bridgeFailure(error as Error), error);
  }
}

function bridgeFailure(error: Error): string {
  const code = error instanceof KernelError ? error.code : undefined;
  // Docker: the kernel's words as Go has them.
  if (code === 'ERANGE') return 'numerical result out of range';
  return code === 'EINVAL' ? 'invalid argument' : error.message;
}
