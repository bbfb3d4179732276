import type { Infer } from '#schema';
import { array, bool, int64, map, nullable, object, optional, string, words } from '#schema';
import { HealthConfig } from './health-config.ts';

const empty = (go: string) => object(go, {});

export const configFields = {
  Hostname: string(),
  Domainname: string(),
  User: string(),
  AttachStdin: bool(),
  AttachStdout: bool(),
  AttachStderr: bool(),
  ExposedPorts: optional(map(empty('struct {}'), 'nat.PortSet')),
  Tty: bool(),
  OpenStdin: bool(),
  StdinOnce: bool(),
  Env: array(string()),
  Cmd: words(),
  Healthcheck: optional(nullable(HealthConfig)),
  ArgsEscaped: optional(bool()),
  Image: string(),
  Volumes: map(empty('struct {}')),
  WorkingDir: string(),
  Entrypoint: words(),
  NetworkDisabled: optional(bool()),
  MacAddress: optional(string()),
  OnBuild: array(string()),
  Labels: map(string()),
  StopSignal: optional(string()),
  StopTimeout: optional(nullable(int64('int'))),
  Shell: optional(words()),
};

/** What a container runs, independent of the host; user-given values are kept verbatim. */
export const ContainerConfig = object('container.Config', configFields);
export type ContainerConfig = Infer<typeof ContainerConfig>;
