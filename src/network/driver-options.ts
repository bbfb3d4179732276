import { isIPv4 } from 'node:net';
import { invalid } from '#errdefs';

/** How the outside reaches containers by their own addresses (Docker's gateway modes). */
export type GatewayMode = 'nat' | 'nat-unprotected' | 'routed' | 'isolated';

/** The options of a bridge network, with Docker's defaults. */
export interface DriverOptions {
  /** The link's name; '' is for us to choose. */
  readonly bridge: string;
  readonly icc: boolean;
  readonly masquerade: boolean;
  /** Where published ports go that name no host address; '' is the daemon's default. */
  readonly hostIp: string;
  /** Bytes; 0 is the daemon's default. */
  readonly mtu: number;
  readonly mode4: GatewayMode;
  readonly mode6: GatewayMode;
  /** What names of interfaces in containers begin with. */
  readonly prefix: string;
}

const BRIDGE = 'com.docker.network.bridge.';
const MTU = 'com.docker.network.driver.mtu';
const FAMILY = 'com.docker.network.enable_ipv';
const PREFIX = 'com.docker.network.container_iface_prefix';
const MODES: readonly string[] = ['nat', 'nat-unprotected', 'routed', 'isolated'] satisfies GatewayMode[];
// As Go's strconv.ParseBool reads them.
const TRUE = ['1', 't', 'T', 'true', 'TRUE', 'True'];
const FALSE = ['0', 'f', 'F', 'false', 'FALSE', 'False'];

/** Reads the options of a bridge network; unknown ones are passed over, as Docker does. Throws Docker's errors. */
export function parseDriverOptions(options: Readonly<Record<string, string>>): DriverOptions {
  flag(options, 'inhibit_ipv4', false);
  return {
    bridge: options[`${BRIDGE}name`] ?? '',
    icc: flag(options, 'enable_icc', true),
    masquerade: flag(options, 'enable_ip_masquerade', true),
    hostIp: hostIp(options[`${BRIDGE}host_binding_ipv4`]),
    mtu: mtu(options[MTU]),
    mode4: mode(options, 'gateway_mode_ipv4'),
    mode6: mode(options, 'gateway_mode_ipv6'),
    prefix: options[PREFIX] || 'eth',
  };
}

/** Docker: whether a network has a family of addresses was an option before it was a field; undefined: not said. */
export function familyOption(options: Readonly<Record<string, string>>, family: 4 | 6): boolean | undefined {
  const value = options[FAMILY + family];
  if (value === undefined) return undefined;
  if (TRUE.includes(value) || FALSE.includes(value)) return TRUE.includes(value);
  throw invalid(`driver-opt "${FAMILY}${family}" is not a valid bool`);
}

/** The options without those that a field of the request stands for. */
export function withoutFields(
  options: Readonly<Record<string, string>>,
  given: readonly (4 | 6)[],
): Record<string, string> {
  const keys = given.map((family) => FAMILY + family);
  return Object.fromEntries(Object.entries(options).filter(([key]) => !keys.includes(key)));
}

const refused = (key: string, value: string, reason: string) =>
  invalid(`failed to parse ${key} value: ${value} (${reason})`);

function flag(options: Readonly<Record<string, string>>, name: string, missing: boolean): boolean {
  const value = options[BRIDGE + name];
  if (value === undefined) return missing;
  if (TRUE.includes(value)) return true;
  if (FALSE.includes(value)) return false;
  throw refused(BRIDGE + name, value, `strconv.ParseBool: parsing ${JSON.stringify(value)}: invalid syntax`);
}

function hostIp(value: string | undefined): string {
  if (value === undefined || value === '') return '';
  if (!isIPv4(value)) throw refused(`${BRIDGE}host_binding_ipv4`, value, 'nil ip');
  return value;
}

function mtu(value: string | undefined): number {
  if (value === undefined) return 0;
  if (!/^[+-]?\d{1,18}$/.test(value)) {
    throw refused(MTU, value, `strconv.Atoi: parsing ${JSON.stringify(value)}: invalid syntax`);
  }
  const number = Number(value);
  if (number < 0) throw invalid(`invalid MTU number: ${number}`);
  return number;
}

function mode(options: Readonly<Record<string, string>>, name: string): GatewayMode {
  const value = options[BRIDGE + name];
  if (value === undefined || value === '') return 'nat';
  if (!MODES.includes(value)) throw refused(BRIDGE + name, value, `unknown gateway mode ${value}`);
  return value as GatewayMode;
}
