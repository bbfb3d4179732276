import type { Row, Store } from '#store';

export interface NetworkRow {
  id: string;
  name: string;
  driver: string;
  created: string;
  bridge: string | null;
  subnet: string | null;
  gateway: string | null;
  subnet6: string | null;
  gateway6: string | null;
  /** A NetworkRecord as JSON; '' for the predefined ones. */
  settings: string;
}

export interface SandboxRow {
  containerId: string;
  id: string;
  mode: string;
  name: string;
  request: string;
}

export interface EndpointRow {
  id: string;
  containerId: string;
  networkId: string;
  link: string | null;
  mac: string;
  address: number | null;
  address6: string | null;
  /** Its name in the sandbox. */
  interface: string;
  /** Bit 1: the sandbox's IPv4 default route and ports are its own; bit 2: the IPv6 default route. */
  gateway: number;
}

export interface PortRow {
  protocol: 'tcp' | 'udp' | 'sctp';
  hostIp: string;
  hostPort: number;
  port: number;
  containerId: string;
}

export interface AttachmentRow {
  network: string;
  networkId: string;
  settings: string;
}

const ENDPOINT =
  'id, container_id AS containerId, network_id AS networkId, link, mac, address, address6, interface, gateway';
const PORT = 'protocol, host_ip AS hostIp, host_port AS hostPort, port, container_id AS containerId';

/** All SQL of the module. */
export class NetworkStore {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  tx: Store['tx'] = (work) => this.#store.tx(work);

  networks(): NetworkRow[] {
    return this.#all<NetworkRow>('SELECT * FROM networks ORDER BY rowid');
  }

  network(name: string): NetworkRow | undefined {
    return this.#one<NetworkRow>('SELECT * FROM networks WHERE name = ?', name);
  }

  networkById(id: string): NetworkRow | undefined {
    return this.#one<NetworkRow>('SELECT * FROM networks WHERE id = ?', id);
  }

  insertNetwork(row: Pick<NetworkRow, 'id' | 'name' | 'driver' | 'created'> & Partial<NetworkRow>): void {
    this.#run(
      `INSERT INTO networks (id, name, driver, created, bridge, subnet, gateway, subnet6, gateway6, settings)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      ...[row.id, row.name, row.driver, row.created, row.bridge ?? null, row.subnet ?? null, row.gateway ?? null],
      ...[row.subnet6 ?? null, row.gateway6 ?? null, row.settings ?? ''],
    );
  }

  deleteNetwork(id: string): void {
    this.#run('DELETE FROM networks WHERE id = ?', id);
  }

  setSubnet(
    id: string,
    row: Required<Pick<NetworkRow, 'bridge' | 'subnet' | 'gateway' | 'subnet6' | 'gateway6'>>,
  ): void {
    const { bridge, subnet, gateway, subnet6, gateway6 } = row;
    this.#run(
      'UPDATE networks SET bridge = ?, subnet = ?, gateway = ?, subnet6 = ?, gateway6 = ? WHERE id = ?',
      ...[bridge, subnet, gateway, subnet6, gateway6, id],
    );
  }

  attachments(containerId: string): AttachmentRow[] {
    const columns = 'network, network_id AS networkId, settings';
    return this.#all(`SELECT ${columns} FROM attachments WHERE container_id = ? ORDER BY network`, containerId);
  }

  putAttachment(containerId: string, network: string, settings: string): void {
    this.#run(
      `INSERT INTO attachments (container_id, network, settings) VALUES (?, ?, ?)
       ON CONFLICT DO UPDATE SET settings = excluded.settings WHERE settings <> excluded.settings`,
      containerId,
      network,
      settings,
    );
  }

  setAttached(containerId: string, network: string, networkId: string): void {
    this.#run(
      'UPDATE attachments SET network_id = ? WHERE container_id = ? AND network = ? AND network_id <> ?',
      networkId,
      containerId,
      network,
      networkId,
    );
  }

  dropAttachment(containerId: string, network: string): void {
    this.#run('DELETE FROM attachments WHERE container_id = ? AND network = ?', containerId, network);
  }

  dropAttachments(containerId: string): void {
    this.#run('DELETE FROM attachments WHERE container_id = ?', containerId);
  }

  sandbox(containerId: string): SandboxRow | undefined {
    return this.#one(
      'SELECT container_id AS containerId, id, mode, name, request FROM sandboxes WHERE container_id = ?',
      containerId,
    );
  }

  /** By the container's name or the beginning of its id. */
  sandboxNamed(name: string): SandboxRow | undefined {
    return this.#one(
      `SELECT container_id AS containerId, id, mode, name, request FROM sandboxes
       WHERE ltrim(name, '/') = ?1 OR substr(container_id, 1, length(?1)) = ?1 LIMIT 1`,
      name,
    );
  }

  sandboxOwners(): string[] {
    return this.#all<{ id: string }>('SELECT container_id AS id FROM sandboxes').map(({ id }) => id);
  }

  insertSandbox({ containerId, id, mode, name, request }: SandboxRow): void {
    this.#run('INSERT INTO sandboxes VALUES (?, ?, ?, ?, ?)', containerId, id, mode, name, request);
  }

  /** Deletes the sandbox with its endpoints and ports. */
  deleteSandbox(containerId: string): void {
    this.#run('DELETE FROM sandboxes WHERE container_id = ?', containerId);
  }

  renameSandbox(containerId: string, name: string): void {
    this.#run('UPDATE sandboxes SET name = ? WHERE container_id = ?', name, containerId);
  }

  endpoints(containerId: string): EndpointRow[] {
    return this.#all(`SELECT ${ENDPOINT} FROM endpoints WHERE container_id = ? ORDER BY rowid`, containerId);
  }

  allEndpoints(): EndpointRow[] {
    return this.#all(`SELECT ${ENDPOINT} FROM endpoints`);
  }

  /** The endpoints in a network, each with the name of its container. */
  members(networkId: string): (EndpointRow & { name: string })[] {
    return this.#all(
      `SELECT e.id, e.container_id AS containerId, e.network_id AS networkId, e.link, e.mac, e.address, e.address6,
         e.interface, e.gateway, s.name
       FROM endpoints e JOIN sandboxes s USING (container_id) WHERE e.network_id = ? ORDER BY e.rowid`,
      networkId,
    );
  }

  insertEndpoint(row: EndpointRow): void {
    this.#run(
      `INSERT INTO endpoints (id, container_id, network_id, link, mac, address, address6, interface, gateway)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      ...[
        row.id,
        row.containerId,
        row.networkId,
        row.link,
        row.mac,
        row.address,
        row.address6,
        row.interface,
        row.gateway,
      ],
    );
  }

  deleteEndpoint(id: string): void {
    this.#run('DELETE FROM endpoints WHERE id = ?', id);
  }

  setGateway(id: string, gateway: number): void {
    this.#run('UPDATE endpoints SET gateway = ?1 WHERE id = ?2 AND gateway <> ?1', gateway, id);
  }

  /** The IPv6 addresses that are leased in a network. */
  addresses6(networkId: string): string[] {
    const sql = 'SELECT address6 FROM endpoints WHERE network_id = ? AND address6 IS NOT NULL';
    return this.#all<{ address6: string }>(sql, networkId).map(({ address6 }) => address6);
  }

  /** What the containers in a network are called there: their attachments' settings, with their addresses. */
  callings(
    networkId: string,
  ): { containerId: string; address: number | null; address6: string | null; settings: string }[] {
    return this.#all(
      `SELECT e.container_id AS containerId, e.address, e.address6, a.settings FROM endpoints e
       JOIN attachments a ON a.container_id = e.container_id AND a.network_id = e.network_id
       WHERE e.network_id = ? ORDER BY e.rowid`,
      networkId,
    );
  }

  /** The lowest address from `from` to `to` that is neither leased nor the gateway's. */
  freeAddress(networkId: string, range: { from: number; to: number; gateway: number }): number | undefined {
    const found = this.#one<{ address: number | null }>(
      `WITH taken (address) AS (SELECT address FROM endpoints WHERE network_id = ?1 AND address IS NOT NULL UNION ALL SELECT ?2)
       SELECT min(address) AS address FROM (
         SELECT ?3 AS address UNION ALL SELECT address + 1 FROM taken WHERE address >= ?3
       ) WHERE address <= ?4 AND address NOT IN taken`,
      networkId,
      range.gateway,
      range.from,
      range.to,
    );
    return found?.address ?? undefined;
  }

  isLeased(networkId: string, address: number): boolean {
    return this.#one('SELECT 1 FROM endpoints WHERE network_id = ? AND address = ?', networkId, address) !== undefined;
  }

  ports(containerId: string): PortRow[] {
    return this.#all(
      `SELECT ${PORT} FROM published_ports WHERE container_id = ? ORDER BY port, protocol, host_ip`,
      containerId,
    );
  }

  allPorts(): PortRow[] {
    return this.#all(`SELECT ${PORT} FROM published_ports`);
  }

  /** The host addresses on which a port is published already. */
  portHolders(protocol: string, hostPort: number): PortRow[] {
    return this.#all(`SELECT ${PORT} FROM published_ports WHERE protocol = ? AND host_port = ?`, protocol, hostPort);
  }

  insertPort({ protocol, hostPort, hostIp, port, containerId }: PortRow): void {
    this.#run('INSERT INTO published_ports VALUES (?, ?, ?, ?, ?)', protocol, hostPort, hostIp, port, containerId);
  }

  fact(name: string): string | undefined {
    return this.#one<{ value: string }>('SELECT value FROM network_facts WHERE name = ?', name)?.value;
  }

  setFact(name: string, value: string): void {
    this.#run('INSERT INTO network_facts VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value', name, value);
  }

  #run(sql: string, ...values: (string | number | null)[]): void {
    this.#store.prepare(sql).run(...values);
  }

  #one<T>(sql: string, ...values: (string | number)[]): T | undefined {
    return this.#store.prepare(sql).get(...values) as (Row & T) | undefined;
  }

  #all<T>(sql: string, ...values: (string | number)[]): T[] {
    return this.#store.prepare(sql).all(...values) as (Row & T)[];
  }
}
