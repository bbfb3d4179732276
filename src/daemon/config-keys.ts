/**
 * The keys of daemon.json and their flags, Docker's names (Moby daemon/config). `list` and `map` flags may be repeated.
 * What Docker has and this engine has not is in refused-keys.ts.
 */
export type KeyKind =
  | 'string'
  | 'bool'
  | 'int'
  | 'list'
  | 'map'
  | 'maps'
  | 'ulimits'
  | 'runtimes'
  | 'pools'
  | 'switches'
  | 'proxies'
  | 'document';

export interface Key {
  readonly kind: KeyKind;
  /** The flag's name where it differs from the key's (Docker: plural keys, singular flags); null when there is none. */
  readonly flag?: string | null;
  readonly short?: string;
  readonly help: string;
}

export const KEYS = {
  'allow-nondistributable-artifacts': {
    kind: 'list',
    flag: 'allow-nondistributable-artifacts',
    help: 'Accepted for compatibility: pushing them is always allowed',
  },
  'authorization-plugins': {
    kind: 'list',
    flag: 'authorization-plugin',
    help: 'Plugin that is asked for every request',
  },
  bip: { kind: 'string', help: 'Address and prefix of the default bridge, e.g. 172.17.0.1/16' },
  bip6: { kind: 'string', help: 'The same for IPv6, with ipv6' },
  bridge: { kind: 'string', short: 'b', help: '"none": no default bridge; others are refused' },
  'cdi-spec-dirs': { kind: 'list', flag: 'cdi-spec-dir', help: 'Folder of files that describe devices (CDI)' },
  'cgroup-parent': { kind: 'string', help: 'Parent cgroup for all containers' },
  containerd: { kind: 'string', help: 'Accepted for compatibility: this engine does the work of containerd itself' },
  'containerd-namespace': { kind: 'string', help: 'Accepted for compatibility: see containerd' },
  'containerd-plugin-namespace': {
    kind: 'string',
    flag: 'containerd-plugins-namespace',
    help: 'Accepted for compatibility: see containerd',
  },
  debug: { kind: 'bool', short: 'D', help: 'Log at level debug, whatever log-level says' },
  'default-address-pools': {
    kind: 'pools',
    flag: 'default-address-pool',
    help: 'Address pools for networks (base=…,size=…)',
  },
  'default-cgroupns-mode': { kind: 'string', help: 'Default cgroup namespace mode of containers (host or private)' },
  'default-gateway': { kind: 'string', help: 'Address that containers of the default bridge send to what leaves it' },
  'default-gateway-v6': { kind: 'string', help: 'The same for IPv6' },
  'default-ipc-mode': { kind: 'string', help: 'Default IPC mode of containers (private or shareable)' },
  'default-network-opts': {
    kind: 'maps',
    flag: 'default-network-opt',
    help: 'Default option of new networks (driver=key=value)',
  },
  'default-pids-limit': {
    kind: 'int',
    help: 'Processes a container may have unless it asks otherwise (4096; -1: unlimited)',
  },
  'default-runtime': { kind: 'string', help: 'Default OCI runtime of containers' },
  'default-shm-size': { kind: 'string', help: 'Default size of /dev/shm, e.g. 64M' },
  'default-ulimits': {
    kind: 'ulimits',
    flag: 'default-ulimit',
    help: 'Default ulimits of containers (name=soft[:hard])',
  },
  'data-root': { kind: 'string', help: 'Root folder of persistent state' },
  dns: { kind: 'list', help: 'DNS server of containers' },
  'dns-opts': { kind: 'list', flag: 'dns-opt', help: 'DNS option of containers' },
  'dns-search': { kind: 'list', help: 'DNS search domain of containers' },
  'exec-opts': { kind: 'list', flag: 'exec-opt', help: 'Runtime option, e.g. native.cgroupdriver=cgroupfs' },
  'exec-root': { kind: 'string', help: 'Root folder of state that a reboot may lose' },
  experimental: { kind: 'bool', help: 'Accepted for compatibility: there are no experimental features' },
  features: { kind: 'switches', flag: 'feature', help: 'Feature to switch on or off (name=true|false)' },
  'fixed-cidr': { kind: 'string', help: 'Part of the default bridge that containers get addresses of' },
  'fixed-cidr-v6': { kind: 'string', help: 'The same for IPv6' },
  group: { kind: 'string', short: 'G', help: 'Group of the unix sockets' },
  'host-gateway-ip': { kind: 'string', flag: null, help: 'Old name of host-gateway-ips' },
  'host-gateway-ips': {
    kind: 'list',
    flag: 'host-gateway-ip',
    help: 'Address that "host-gateway" in --add-host stands for',
  },
  hosts: {
    kind: 'list',
    flag: 'host',
    short: 'H',
    help: 'Socket to listen on (unix://path, [tcp://]address:port, fd://)',
  },
  'http-proxy': { kind: 'string', help: 'Proxy for outgoing HTTP' },
  'https-proxy': { kind: 'string', help: 'Proxy for outgoing HTTPS' },
  icc: { kind: 'bool', help: 'Let containers of the default bridge reach each other' },
  init: { kind: 'bool', help: 'Run an init in containers that forwards signals and reaps processes' },
  'init-path': { kind: 'string', help: 'Path of that init' },
  'insecure-registries': {
    kind: 'list',
    flag: 'insecure-registry',
    help: 'Registry that may be spoken to without TLS',
  },
  ip: { kind: 'string', help: 'Default address of published ports' },
  'ip-forward': { kind: 'bool', help: 'Switch on net.ipv4.ip_forward' },
  'ip-masq': { kind: 'bool', help: 'Masquerade outgoing traffic of the default bridge' },
  iptables: { kind: 'bool', help: 'Let the engine keep firewall rules' },
  ipv6: { kind: 'bool', help: 'Give containers of the default bridge IPv6 addresses too' },
  labels: { kind: 'list', flag: 'label', help: 'Label of the daemon (key=value)' },
  'live-restore': { kind: 'bool', help: 'Accepted for compatibility: containers always outlive the daemon' },
  'log-driver': { kind: 'string', help: 'Default logging driver of containers' },
  'log-format': { kind: 'string', help: 'json (default) or text' },
  'log-level': { kind: 'string', short: 'l', help: 'debug, info, warn, error or fatal' },
  'log-opts': { kind: 'map', flag: 'log-opt', help: 'Default option of the logging driver (key=value)' },
  'max-concurrent-downloads': { kind: 'int', help: 'Layers that one pull downloads at once (3)' },
  'max-concurrent-uploads': { kind: 'int', help: 'Layers that one push uploads at once (5)' },
  'max-download-attempts': { kind: 'int', help: 'Tries of each layer (5)' },
  'metrics-addr': { kind: 'string', help: 'Address and port of /metrics, e.g. 127.0.0.1:9323' },
  mtu: { kind: 'int', help: 'MTU of the default bridge' },
  'no-new-privileges': { kind: 'bool', help: 'Set no-new-privileges by default' },
  'no-proxy': { kind: 'string', help: 'Hosts that are reached without the proxy, separated by commas' },
  'node-generic-resources': {
    kind: 'list',
    flag: 'node-generic-resource',
    help: 'Resource of this host that info shows (kind=value)',
  },
  pidfile: { kind: 'string', short: 'p', help: 'File that gets the pid of the daemon, for information' },
  proxies: { kind: 'proxies', flag: null, help: 'http-proxy, https-proxy and no-proxy in one object' },
  'raw-logs': { kind: 'bool', help: 'Accepted for compatibility: times are whole and lines without colours' },
  registry: {
    kind: 'document',
    flag: null,
    help: 'Serves a registry of images, e.g. {"listen": "127.0.0.1:5000"}',
  },
  'registry-mirrors': { kind: 'list', flag: 'registry-mirror', help: 'Mirror of Docker Hub' },
  runtimes: { kind: 'runtimes', flag: 'add-runtime', help: 'Further OCI runtime (name=path)' },
  'seccomp-profile': { kind: 'string', help: 'Default seccomp profile: a path, builtin or unconfined' },
  'shutdown-timeout': { kind: 'int', help: 'Accepted for compatibility: each container gets its own stop timeout' },
  'storage-driver': { kind: 'string', short: 's', help: 'overlay2 (default) or native' },
  'storage-opts': {
    kind: 'list',
    flag: 'storage-opt',
    help: 'Option of the storage driver: overlay2.size=10G limits what a container may write',
  },
  'swarm-default-advertise-addr': { kind: 'string', help: 'Accepted for compatibility: there is no swarm mode' },
  tls: { kind: 'bool', help: 'Speak TLS on tcp://; clients must show a certificate unless --tlsverify=false' },
  tlscacert: { kind: 'string', help: "Authority that signs clients' certificates (~/.docker/ca.pem)" },
  tlscert: { kind: 'string', help: 'Certificate of the daemon (~/.docker/cert.pem)' },
  tlskey: { kind: 'string', help: 'Its key (~/.docker/key.pem)' },
  tlsverify: { kind: 'bool', help: 'Speak TLS and let in only clients with a certificate' },
  'userns-remap': {
    kind: 'string',
    help: 'User and group whose subordinate ids containers have: default, user or user:group',
  },
  'userland-proxy': { kind: 'bool', help: 'Accepted for compatibility: the monitor relays what NAT cannot reach' },
} as const satisfies Record<string, Key>;

export type KeyName = keyof typeof KEYS;

export function isKey(name: string): name is KeyName {
  return Object.hasOwn(KEYS, name);
}

/** The name of a key's flag; undefined when it has none. */
export function flagOf(name: KeyName): string | undefined {
  const key: Key = KEYS[name];
  return key.flag === null ? undefined : (key.flag ?? name);
}

/** Settings as given, by key: from the file in JSON's form, from flags in the same form. */
export type Settings = Partial<Record<KeyName, unknown>>;
