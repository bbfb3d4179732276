import type { NetworkCreateRequest } from '#api';
import { forbidden, notFound } from '#errdefs';
import type { NetworkRecord } from './bridge-network.ts';
import { recordOf } from './bridge-network.ts';
import type { NetworkStore } from './store.ts';

const OPERATOR_FIELDS =
  'configuration network can only contain network specific fields. Network operator fields like [ ingress | internal | attachable | scope ] are not supported.';
const NESTED = 'a configuration network cannot depend on another configuration network';
const OWN_SETTINGS =
  'user specified configurations are not supported if the network depends on a configuration network';
const OWN_OPTIONS = 'network driver options are not supported if the network depends on a configuration network';
export const NO_ENDPOINTS = 'cannot create endpoint on configuration-only network';

/** The network that a request takes its configuration from; '' for none. */
export const sourceOf = ({ ConfigFrom }: Pick<NetworkCreateRequest, 'ConfigFrom'>): string => ConfigFrom?.Network ?? '';

/** Refuses what a network that only holds a configuration, or one that takes it from there, must not say itself. */
export function checkConfiguration(request: NetworkCreateRequest): void {
  const { ConfigOnly, Ingress, Internal, Attachable, Scope, Options, IPAM, EnableIPv6, Labels } = request;
  if (ConfigOnly && (Ingress || Internal || Attachable || Boolean(Scope))) throw forbidden(OPERATOR_FIELDS);
  if (sourceOf(request) === '') return;
  if (ConfigOnly) throw forbidden(NESTED);
  const hasOwnDriver = !['', 'default'].includes(IPAM?.Driver ?? '');
  const hasOwn = [IPAM?.Options, IPAM?.Config, Labels].some((given) => Object.keys(given ?? {}).length > 0);
  if (hasOwnDriver || hasOwn || EnableIPv6) throw forbidden(OWN_SETTINGS);
  if (Object.keys(Options ?? {}).length > 0) throw forbidden(OWN_OPTIONS);
}

/** The request with the configuration of the network that it names; by name only, as Docker has it. */
export function withConfiguration(rows: NetworkStore, request: NetworkCreateRequest): NetworkCreateRequest {
  const source = sourceOf(request);
  if (source === '') return request;
  const row = rows.network(source);
  const record = row && recordOf(row);
  if (!record?.configOnly) throw notFound(`configuration network ${JSON.stringify(source)} does not exist`);
  const { ipam, ipv4, ipv6, options, labels } = record;
  return { ...request, IPAM: ipam, EnableIPv4: ipv4 ?? true, EnableIPv6: ipv6, Options: options, Labels: labels };
}

/** A configuration stays while a network is made of it. */
export function assertUnusedConfiguration(rows: NetworkStore, { name }: { name: string }): void {
  const isUsed = rows.networks().some((row) => recordOf(row)?.configFrom === name);
  if (isUsed) throw forbidden(`error while removing network: configuration network ${JSON.stringify(name)} is in use`);
}

/** What a network that only holds a configuration keeps of a request. */
export function configurationOf(
  { IPAM, Labels }: NetworkCreateRequest,
  { options, ipv4, ipv6 }: Pick<NetworkRecord, 'options' | 'ipv6'> & { ipv4: boolean },
): NetworkRecord {
  const configs = IPAM?.Config ?? [];
  return {
    ipam: {
      Driver: IPAM?.Driver || 'default',
      Options: IPAM?.Options ?? null,
      Config: configs.length > 0 ? configs : null,
    },
    configured: configs.map(({ Subnet }) => Subnet ?? ''),
    ...{ internal: false, attachable: false, ipv4, ipv6, options, labels: Labels ?? {} },
    ...{ reserved: [], reserved6: [], isForeign: false, configOnly: true },
  };
}
