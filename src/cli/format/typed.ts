import { formatDuration } from '#template/duration';
// What Docker's Go types make of an inspected object: which fields there are although the JSON leaves them out, and which
// maps have which keys. Templates depend on both.

import type { Value } from '#template/value';
import { GoMap, GoStruct, NilPointer } from '#template/value';

type Json = Record<string, unknown>;

/** Fields that JSON omits when they are zero, with that zero; and the fields that are structs or maps themselves. */
interface Shape {
  type: string;
  omitted?: Record<string, Value>;
  fields?: Record<string, (value: unknown) => Value>;
  /** `omitted` names every field, in Go's order. */
  whole?: boolean;
  /** Go's names of fields, where JSON has another. */
  renamed?: Record<string, string>;
}

const struct = (shape: Shape) => (value: unknown) =>
  value === null || value === undefined ? new NilPointer(shape.type) : build(shape, value as Json);

const strings = (value: unknown) =>
  value === null || value === undefined
    ? new GoMap('map[string]string', {}, '', value)
    : new GoMap('map[string]string', value as Record<string, Value>, '', value);

const list = (shape: Shape) => (value: unknown) =>
  Array.isArray(value) ? value.map((item) => build(shape, item as Json)) : [];

// Docker: keys are of a type of their own, to which a template's string can't be converted for `index`.
const portMap = (value: unknown) => {
  const entries = Object.entries((value ?? {}) as Record<string, Json[] | null>).map(([port, bindings]) => [
    port,
    (bindings ?? []).map((binding) => build({ type: 'nat.PortBinding' }, binding)),
  ]);
  return new GoMap('nat.PortMap', Object.fromEntries(entries), [], value, 'nat.Port');
};

const emptySet = (type: string, key?: string) => (value: unknown) => {
  const names = Object.keys((value ?? {}) as Json);
  const entries = Object.fromEntries(names.map((name) => [name, new GoStruct('struct {}', {}, {})]));
  return new GoMap(type, entries, new GoStruct('struct {}', {}, {}), value, key);
};

const emptyList: Value = [];
const health: Shape = { type: '*container.Health' };
const mountPoint: Shape = {
  type: 'container.MountPoint',
  whole: true,
  omitted: { Type: '', Name: '', Source: '', Destination: '', Driver: '', Mode: '', RW: false, Propagation: '' },
};

const mount: Shape = {
  type: 'mount.Mount',
  whole: true,
  omitted: {
    Type: '',
    Source: '',
    Target: '',
    ReadOnly: false,
    Consistency: '',
    BindOptions: new NilPointer('*mount.BindOptions'),
    VolumeOptions: new NilPointer('*mount.VolumeOptions'),
    ImageOptions: new NilPointer('*mount.ImageOptions'),
    TmpfsOptions: new NilPointer('*mount.TmpfsOptions'),
    ClusterOptions: new NilPointer('*mount.ClusterOptions'),
  },
};
const duration = (value: unknown) => formatDuration(Number(value ?? 0));

const checks: Shape = {
  type: '*v1.HealthcheckConfig',
  whole: true,
  omitted: { Test: emptyList, Interval: '0s', Timeout: '0s', StartPeriod: '0s', StartInterval: '0s', Retries: 0 },
  fields: { Interval: duration, Timeout: duration, StartPeriod: duration, StartInterval: duration },
};

const config: Shape = {
  type: '*container.Config',
  omitted: {
    ExposedPorts: emptySet('nat.PortSet', 'nat.Port')({}),
    Healthcheck: new NilPointer(checks.type),
    ArgsEscaped: false,
    NetworkDisabled: false,
    MacAddress: '',
    StopSignal: '',
    StopTimeout: new NilPointer('*int'),
    Shell: emptyList,
  },
  fields: {
    ExposedPorts: emptySet('nat.PortSet', 'nat.Port'),
    Volumes: emptySet('map[string]struct {}'),
    Labels: strings,
    Healthcheck: struct(checks),
  },
};

const imageConfig: Shape = {
  type: '*dockerspec.DockerOCIImageConfig',
  omitted: {
    User: '',
    ExposedPorts: emptySet('map[string]struct {}')({}),
    Env: emptyList,
    Entrypoint: emptyList,
    Cmd: emptyList,
    Volumes: emptySet('map[string]struct {}')({}),
    WorkingDir: '',
    Labels: strings({}),
    StopSignal: '',
    ArgsEscaped: false,
    Healthcheck: new NilPointer(checks.type),
    OnBuild: emptyList,
    Shell: emptyList,
  },
  fields: {
    ExposedPorts: emptySet('map[string]struct {}'),
    Volumes: emptySet('map[string]struct {}'),
    Labels: strings,
    Healthcheck: struct(checks),
  },
};

const endpoint: Shape = { type: '*network.EndpointSettings', fields: { DriverOpts: strings } };

const endpoints = (value: unknown) => {
  const entries = Object.entries((value ?? {}) as Record<string, Json>).map(([name, one]) => [
    name,
    build(endpoint, one),
  ]);
  return new GoMap(
    'map[string]*network.EndpointSettings',
    Object.fromEntries(entries),
    new NilPointer(endpoint.type),
    value,
  );
};

const hostConfig: Shape = {
  type: '*container.HostConfig',
  renamed: {
    Dns: 'DNS',
    DnsOptions: 'DNSOptions',
    DnsSearch: 'DNSSearch',
    NanoCpus: 'NanoCPUs',
    CpuShares: 'CPUShares',
    CpuPeriod: 'CPUPeriod',
    CpuQuota: 'CPUQuota',
    CpuRealtimePeriod: 'CPURealtimePeriod',
    CpuRealtimeRuntime: 'CPURealtimeRuntime',
    CpuCount: 'CPUCount',
    CpuPercent: 'CPUPercent',
  },
  omitted: {
    Annotations: strings({}),
    StorageOpt: strings({}),
    Tmpfs: strings({}),
    Sysctls: strings({}),
    KernelMemory: 0,
    KernelMemoryTCP: 0,
    Mounts: emptyList,
    Init: new NilPointer('*bool'),
  },
  fields: {
    PortBindings: portMap,
    LogConfig: struct({ type: 'container.LogConfig', fields: { Config: strings } }),
    RestartPolicy: struct({ type: 'container.RestartPolicy' }),
    Annotations: strings,
    StorageOpt: strings,
    Tmpfs: strings,
    Sysctls: strings,
    Ulimits: list({ type: 'units.Ulimit' }),
    Devices: list({ type: 'container.DeviceMapping' }),
    Mounts: list(mount),
  },
};

const graphDriver: Shape = { type: 'storage.DriverData', fields: { Data: strings } };

const shapes: Record<'container' | 'image', Shape> = {
  container: {
    type: 'container.InspectResponse',
    renamed: { Id: 'ID' },
    omitted: { SizeRw: new NilPointer('*int64'), SizeRootFs: new NilPointer('*int64') },
    fields: {
      State: struct({
        type: '*container.State',
        omitted: { Health: new NilPointer(health.type) },
        fields: { Health: struct(health) },
      }),
      HostConfig: struct(hostConfig),
      GraphDriver: struct(graphDriver),
      Mounts: list(mountPoint),
      Config: struct(config),
      NetworkSettings: struct({ type: '*container.NetworkSettings', fields: { Ports: portMap, Networks: endpoints } }),
    },
  },
  image: {
    type: 'image.InspectResponse',
    renamed: { Id: 'ID' },
    omitted: { Created: '', Variant: '', OsVersion: '', VirtualSize: 0 },
    fields: {
      Config: struct(imageConfig),
      GraphDriver: struct(graphDriver),
      RootFS: struct({ type: 'image.RootFS', omitted: { Type: '', Layers: emptyList } }),
      Metadata: struct({ type: 'image.Metadata' }),
    },
  },
};

/** An inspected object as its Go type shows it to templates. */
export function typed(type: 'container' | 'image', value: Json): Value {
  return build(shapes[type], value);
}

function build(shape: Shape, value: Json): GoStruct {
  const fields: Record<string, Value> = shape.whole ? { ...shape.omitted } : {};
  for (const [name, field] of Object.entries(value)) {
    const make = shape.fields?.[name];
    fields[shape.renamed?.[name] ?? name] = make ? make(field) : plain(field);
  }
  for (const [name, zero] of Object.entries(shape.omitted ?? {})) if (!Object.hasOwn(fields, name)) fields[name] = zero;
  return new GoStruct(shape.type, fields, value);
}

// A nil list prints as an empty one.
function plain(value: unknown): Value {
  return value === null ? emptyList : (value as Value);
}
