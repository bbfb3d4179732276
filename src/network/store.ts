import type { Row, Store } from '#store';

export interface NetworkRow {
  id: string;
  name: string;
  driver: string;
  created: string;
  bridge: string | null;
  subnet: string | null;
  gateway: string | null;
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

const ENDPOINT = 'id, container_id AS containerId, network_id AS networkId, link, mac, address';
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

  insertNetwork({ id, name, driver, created }: Pick<NetworkRow, 'id' | 'name' | 'driver' | 'created'>): void {
    this.#run('INSERT INTO networks (id, name, driver, created) VALUES (?, ?, ?, ?)', id, name, driver, created);
  }

  setSubnet(id: string, { bridge, subnet, gateway }: { bridge: string; subnet: string; gateway: string }): void {
    this.#run('UPDATE networks SET bridge = ?, subnet = ?, gateway = ? WHERE id = ?', bridge, subnet, gateway, id);
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
    return this.#all(`SELECT ${ENDPOINT} FROM endpoints WHERE container_id = ?`, containerId);
  }

  allEndpoints(): EndpointRow[] {
    return this.#all(`SELECT ${ENDPOINT} FROM endpoints`);
  }

  /** The endpoints in a network, each with the name of its container. */
  members(networkId: string): (EndpointRow & { name: string })[] {
    return this.#all(
      `SELECT e.id, e.container_id AS containerId, e.network_id AS networkId, e.link, e.mac, e.address, s.name
       FROM endpoints e JOIN sandboxes s USING (container_id) WHERE e.network_id = ?`,
      networkId,
    );
  }

  insertEndpoint({ id, containerId, networkId, link, mac, address }: EndpointRow): void {
    this.#run('INSERT INTO endpoints VALUES (?, ?, ?, ?, ?, ?)', id, containerId, networkId, link, mac, address);
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
