import { createInterface } from 'node:readline';
import { ContainerConfig, HostConfig } from '#api';
import { Events } from '#events';
import type { Log } from '#log';
import { Networks } from '#network';
import { zero } from '#schema';
import { Store } from '#store';

/** A Networks behind standard input and output: one JSON call a line, one JSON answer a line. */
const [path, mark, config] = process.argv.slice(2);
const tell = (message: object) => process.stdout.write(`${JSON.stringify(message)}\n`);
const line = (level: string) => (message: string, fields?: object) =>
  tell({ log: `${level}: ${message} ${JSON.stringify(fields, (_, v) => (v instanceof Error ? v.message : v))}` });
const log: Log = { debug: () => {}, info: line('info'), warn: line('warn'), error: line('error'), child: () => log };
const store = Store.open(path!);
const networks = new Networks({ store, events: new Events(store), log, mark: mark!, config: JSON.parse(config!) });

function request(containerId: string, ports: string[]) {
  const hostConfig = zero(HostConfig);
  const containerConfig = zero(ContainerConfig);
  hostConfig.NetworkMode = 'default';
  hostConfig.PortBindings = {};
  containerConfig.ExposedPorts = {};
  for (const text of ports) {
    const [, HostIp = '', HostPort = '', key = ''] = /^(?:(.*):)?([\d-]*):(\d+\/\w+)$/.exec(text)!;
    hostConfig.PortBindings[key] = [...(hostConfig.PortBindings[key] ?? []), { HostIp, HostPort }];
    containerConfig.ExposedPorts[key] = {};
  }
  const name = `c${containerId.slice(0, 4)}`;
  return {
    containerId,
    name,
    hostname: containerId.slice(0, 12),
    domainname: '',
    hostConfig,
    config: containerConfig,
    endpoints: {},
  };
}

// biome-ignore lint/suspicious/noExplicitAny: what comes over the line
const methods: Record<string, (...args: any[]) => unknown> = {
  recover: (live) => networks.recover(new Map(live)),
  reserve: (id, ports) =>
    store.tx(() => {
      networks.register(request(id, ports));
      return networks.reserve(request(id, ports));
    }),
  attach: (id, pid) => networks.attach(id, { pid }),
  detach: (id) => networks.detach(id),
  release: (id) => store.tx(() => networks.release(id)),
  settings: (id) => networks.settings(id),
  inspect: (name) => networks.inspect(name),
  uninstall: () => networks.uninstall(),
};

createInterface(process.stdin).on('line', async (text) => {
  const { id, method, args } = JSON.parse(text);
  try {
    tell({ id, result: (await methods[method]!(...args)) ?? null });
  } catch (error) {
    tell({ id, error: (error as Error).message });
  }
});
