import type { Infer } from '#schema';
import { array, bool, int64, map, nullable, object, optional, string } from '#schema';
import type { PortMap } from './ports.ts';

export const EndpointIPAMConfig = object('network.EndpointIPAMConfig', {
  IPv4Address: optional(string()),
  IPv6Address: optional(string()),
  LinkLocalIPs: optional(array(string())),
});
export type EndpointIPAMConfig = Infer<typeof EndpointIPAMConfig>;

/** A container's place in one network: the first part is the user's, the rest the engine's. */
export const EndpointSettings = object('network.EndpointSettings', {
  IPAMConfig: nullable(EndpointIPAMConfig),
  Links: array(string()),
  Aliases: array(string()),
  MacAddress: string(),
  DriverOpts: map(string()),
  GwPriority: int64('int'),
  NetworkID: string(),
  EndpointID: string(),
  Gateway: string(),
  IPAddress: string(),
  IPPrefixLen: int64('int'),
  IPv6Gateway: string(),
  GlobalIPv6Address: string(),
  GlobalIPv6PrefixLen: int64('int'),
  DNSNames: array(string()),
});
export type EndpointSettings = Infer<typeof EndpointSettings>;

/** Endpoints by network name or id. */
export const NetworkingConfig = object('network.NetworkingConfig', {
  EndpointsConfig: map(nullable(EndpointSettings), 'map[string]*network.EndpointSettings'),
});
export type NetworkingConfig = Infer<typeof NetworkingConfig>;

/** One of several addresses; Docker leaves the lists of these null. */
export interface NetworkAddress {
  Addr: string;
  PrefixLen: number;
}

/** The network part of container inspect. The flat fields repeat the endpoint of the network named `bridge`. */
export interface NetworkSettings {
  Bridge: string;
  SandboxID: string;
  SandboxKey: string;
  /** Empty unless running; null for a port that is exposed but not published. */
  Ports: PortMap;
  HairpinMode: boolean;
  LinkLocalIPv6Address: string;
  LinkLocalIPv6PrefixLen: number;
  SecondaryIPAddresses: NetworkAddress[] | null;
  SecondaryIPv6Addresses: NetworkAddress[] | null;
  EndpointID: string;
  Gateway: string;
  GlobalIPv6Address: string;
  GlobalIPv6PrefixLen: number;
  IPAddress: string;
  IPPrefixLen: number;
  IPv6Gateway: string;
  MacAddress: string;
  Networks: Record<string, EndpointSettings>;
}

export const IPAMConfig = object('network.IPAMConfig', {
  Subnet: optional(string()),
  IPRange: optional(string()),
  Gateway: optional(string()),
  AuxiliaryAddresses: optional(map(string())),
});
export type IPAMConfig = Infer<typeof IPAMConfig>;

export const IPAM = object('network.IPAM', {
  Driver: string(),
  Options: map(string()),
  Config: array(IPAMConfig),
});
export type IPAM = Infer<typeof IPAM>;

const ConfigReference = object('network.ConfigReference', { Network: string() });

/** The body of `POST /networks/create`. */
export const NetworkCreateRequest = object('network.CreateRequest', {
  Name: string(),
  CheckDuplicate: optional(nullable(bool())),
  Driver: string(),
  Scope: string(),
  EnableIPv4: optional(nullable(bool())),
  EnableIPv6: optional(nullable(bool())),
  IPAM: nullable(IPAM),
  Internal: bool(),
  Attachable: bool(),
  Ingress: bool(),
  ConfigOnly: bool(),
  ConfigFrom: nullable(ConfigReference),
  Options: map(string()),
  Labels: map(string()),
});
export type NetworkCreateRequest = Infer<typeof NetworkCreateRequest>;

export interface NetworkCreateResponse {
  Id: string;
  Warning: string;
}

/** The body of `POST /networks/{id}/connect`. */
export const NetworkConnectRequest = object('network.ConnectOptions', {
  Container: string(),
  EndpointConfig: optional(nullable(EndpointSettings)),
});
export type NetworkConnectRequest = Infer<typeof NetworkConnectRequest>;

/** The body of `POST /networks/{id}/disconnect`. */
export const NetworkDisconnectRequest = object('network.DisconnectOptions', { Container: string(), Force: bool() });
export type NetworkDisconnectRequest = Infer<typeof NetworkDisconnectRequest>;

/** A container as network inspect lists it; addresses with their prefix length. */
export interface NetworkContainer {
  Name: string;
  EndpointID: string;
  MacAddress: string;
  IPv4Address: string;
  IPv6Address: string;
}

/** A network as list and inspect show it (`Containers` is empty in lists). */
export interface NetworkResource {
  Name: string;
  Id: string;
  Created: string;
  Scope: string;
  Driver: string;
  EnableIPv4: boolean;
  EnableIPv6: boolean;
  IPAM: IPAM;
  Internal: boolean;
  Attachable: boolean;
  Ingress: boolean;
  ConfigFrom: { Network: string };
  ConfigOnly: boolean;
  Containers: Record<string, NetworkContainer>;
  Options: Record<string, string>;
  Labels: Record<string, string>;
}
