import type { ContainerConfig, HealthConfig } from '#api';
import { invalid } from '#errdefs';

/** The part of an image's config that containers inherit. */
export interface ImageDefaults {
  readonly User?: string;
  readonly ExposedPorts?: Record<string, object> | null;
  readonly Env?: string[] | null;
  readonly Entrypoint?: string[] | null;
  readonly Cmd?: string[] | null;
  readonly Volumes?: Record<string, object> | null;
  readonly WorkingDir?: string;
  readonly Labels?: Record<string, string> | null;
  readonly StopSignal?: string;
  readonly StopTimeout?: number | null;
  readonly Healthcheck?: HealthConfig | null;
}

/** The config of a container: what the user gave, else the image's. No command at all is an error. */
export function mergeConfig(user: ContainerConfig, image: ImageDefaults): ContainerConfig {
  const merged = mergeOnto(user, image);
  if (!merged.Entrypoint?.length && !merged.Cmd?.length) throw invalid('no command specified');
  return merged;
}

/**
 * What was given, else what was there: Env by key, ports and volumes united, labels with the given ones first; the Cmd
 * that was there only when neither Entrypoint nor Cmd was given.
 */
export function mergeOnto(user: ContainerConfig, image: ImageDefaults): ContainerConfig {
  const merged: ContainerConfig = {
    ...user,
    ...command(user, image),
    User: user.User || image.User || '',
    Env: mergeEnv(user.Env ?? [], image.Env ?? []),
    WorkingDir: user.WorkingDir || image.WorkingDir || '',
    Labels: { ...image.Labels, ...user.Labels },
    Volumes: union(image.Volumes, user.Volumes),
  };
  const ports = union(image.ExposedPorts, user.ExposedPorts);
  if (ports) merged.ExposedPorts = ports;
  if (!user.StopSignal && image.StopSignal) merged.StopSignal = image.StopSignal;
  if (user.StopTimeout == null && image.StopTimeout != null) merged.StopTimeout = image.StopTimeout;
  const health = mergeHealth(user.Healthcheck, image.Healthcheck);
  if (health) merged.Healthcheck = health;
  return merged;
}

/** The program and its arguments. */
export function commandLine(config: ContainerConfig): { path: string; args: string[] } {
  const [path = '', ...args] = [...(config.Entrypoint ?? []), ...(config.Cmd ?? [])];
  return { path, args };
}

function command(user: ContainerConfig, image: ImageDefaults): Pick<ContainerConfig, 'Entrypoint' | 'Cmd'> {
  let entrypoint = user.Entrypoint ?? null;
  let cmd = user.Cmd ?? null;
  if (!entrypoint?.length) {
    if (!cmd?.length) cmd = image.Cmd ?? null;
    if (entrypoint === null) entrypoint = image.Entrypoint ?? null;
  }
  // Docker: `--entrypoint ""` is sent as [""] and means none.
  if (entrypoint?.length === 1 && entrypoint[0] === '') entrypoint = null;
  return { Entrypoint: entrypoint, Cmd: cmd };
}

function mergeEnv(user: readonly string[], image: readonly string[]): string[] {
  const given = new Set(user.map(envKey));
  return [...user, ...image.filter((entry) => !given.has(envKey(entry)))];
}

function envKey(entry: string): string {
  const at = entry.indexOf('=');
  return at < 0 ? entry : entry.slice(0, at);
}

function union<T extends object>(
  image: Record<string, T> | null | undefined,
  user: Record<string, T> | null | undefined,
): Record<string, T> | null {
  const all = { ...image, ...user };
  return Object.keys(all).length === 0 ? (user ?? null) : all;
}

function mergeHealth(user?: HealthConfig | null, image?: HealthConfig | null): HealthConfig | undefined {
  if (!image) return user ?? undefined;
  if (!user) return image;
  const merged: HealthConfig = { ...image, ...user };
  if (!user.Test?.length && image.Test) merged.Test = image.Test;
  for (const field of ['Interval', 'Timeout', 'StartPeriod', 'StartInterval', 'Retries'] as const) {
    merged[field] = user[field] || image[field];
  }
  return merged;
}
