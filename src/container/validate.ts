import { posix } from 'node:path';
import type { ContainerConfig, HealthConfig, HostConfig } from '#api';
import { internal, invalid } from '#errdefs';
import type { IdMaps } from '#oci';
import { isShimName } from '#runtime';
import { assertRestartPolicy } from './restart-policy.ts';
import { parseSignal } from './signals.ts';
import { storageSize } from './storage-size.ts';
import { assertUsers } from './user-namespace.ts';

const MILLISECOND = 1_000_000;

/** What the daemon offers, for judging a container's wishes. */
export interface Offer {
  readonly runtimes: readonly string[];
  readonly idMaps?: IdMaps | undefined;
}

/** Refuses what can be seen to be wrong without the image, in Docker's words. */
export function assertSettings(config: ContainerConfig, hostConfig: HostConfig, offer: Offer): void {
  assertNotEmpty(config);
  assertConfig(config);
  assertModes(hostConfig);
  assertNetworkMode(config, hostConfig);
  assertHostConfig(hostConfig, offer);
  assertUsers(offer, hostConfig);
  assertPorts(hostConfig);
}

function assertNotEmpty(config: ContainerConfig): void {
  const given = Object.values(config).some((value) => value !== '' && value !== false && value != null);
  if (!given) throw invalid('config cannot be empty in order to create a container');
}

function assertConfig({ WorkingDir, StopSignal, Env, Healthcheck }: ContainerConfig): void {
  if (WorkingDir && !posix.isAbsolute(WorkingDir)) {
    throw invalid(`the working directory '${WorkingDir}' is invalid, it needs to be an absolute path`);
  }
  if (StopSignal) parseSignal(StopSignal);
  assertEnv(Env ?? []);
  if (Healthcheck) assertHealth(Healthcheck);
}

/** Refuses an entry without a key. */
export function assertEnv(env: readonly string[]): void {
  for (const entry of env) {
    if (entry === '' || entry.startsWith('=')) throw invalid(`invalid environment variable: ${entry}`);
  }
}

function assertHealth(health: HealthConfig): void {
  for (const field of ['Interval', 'Timeout', 'StartPeriod', 'StartInterval'] as const) {
    const value = health[field] ?? 0;
    if (value !== 0 && value < MILLISECOND) throw invalid(`${field} in Healthcheck cannot be less than 1ms`);
  }
  if ((health.Retries ?? 0) < 0) throw invalid('Retries in Healthcheck cannot be negative');
}

/** Docker: an unknown user namespace mode passes. */
function assertModes({ UTSMode }: HostConfig): void {
  if (!['', 'host'].includes(UTSMode)) throw invalid(`invalid UTS mode: ${UTSMode}`);
}

function assertNetworkMode(config: ContainerConfig, host: HostConfig): void {
  const mode = host.NetworkMode;
  const joins = mode.startsWith('container:');
  const clash = (what: string) => invalid(`conflicting options: ${what}`);
  if (host.UTSMode === 'host' && config.Hostname) throw clash('hostname and the UTS mode');
  if (joins && config.Hostname) throw clash('hostname and the network mode');
  if ((joins || mode === 'host') && host.Links?.length) {
    const type = joins ? 'container type network' : 'host type networking';
    throw clash(`${type} can't be used with links. This would result in undefined behavior`);
  }
  if (mode === 'container' || mode === 'container:')
    throw invalid('invalid network mode: invalid container format container:<name|id>');
  if (!joins) return;
  if (host.Dns?.length) throw clash('dns and the network mode');
  if (host.ExtraHosts?.length) throw clash('custom host-to-IP mapping and the network mode');
  if (Object.keys(host.PortBindings ?? {}).length > 0 || host.PublishAllPorts) {
    throw clash('port publishing and the container type network mode');
  }
  if (Object.keys(config.ExposedPorts ?? {}).length > 0) {
    throw clash('port exposing and the container type network mode');
  }
}

function assertHostConfig(host: HostConfig, { runtimes }: Offer): void {
  assertRestartPolicy(host.RestartPolicy);
  if (host.AutoRemove && !['', 'no'].includes(host.RestartPolicy.Name)) {
    throw invalid("can't create 'AutoRemove' container with restart policy");
  }
  if (Object.hasOwn(host.Annotations ?? {}, '')) {
    throw invalid('invalid Annotations: the empty string is not permitted as an annotation key');
  }
  for (const entry of host.ExtraHosts ?? []) {
    if (!/^[^:=]+[:=].+/.test(entry)) throw invalid(`bad format for add-host: "${entry}"`);
  }
  if (host.Runtime && !runtimes.includes(host.Runtime) && !isShimName(host.Runtime)) {
    throw invalid(`unknown or invalid runtime name: ${host.Runtime}`);
  }
  storageSize(host);
  for (const link of host.Links ?? []) {
    if (!/^[^:]+(:[^:]+)?$/.test(link)) throw internal(`bad format for links: ${link}`);
  }
}

function assertPorts(host: HostConfig): void {
  for (const [port, bindings] of Object.entries(host.PortBindings ?? {})) {
    const number = port.split('/')[0]!;
    if (!isPortRange(number)) throw invalid(`invalid port specification: "${number}"`);
    for (const { HostPort } of bindings ?? []) {
      if (HostPort !== '' && !isPortRange(HostPort)) throw invalid(`invalid port specification: "${HostPort}"`);
    }
  }
}

function isPortRange(text: string): boolean {
  const ends = text.split('-');
  return ends.length <= 2 && ends.every((end) => /^\d{1,5}$/.test(end) && Number(end) <= 65535);
}
