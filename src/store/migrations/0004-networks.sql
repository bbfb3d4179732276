-- Networks, and who has a place in them. Addresses are integers (IPv4), so that the lowest free one is a query.
CREATE TABLE networks (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  driver TEXT NOT NULL,
  created TEXT NOT NULL,
  -- Bridge networks only: the link's name, the subnet (`172.17.0.0/16`) and the bridge's own address.
  bridge TEXT,
  subnet TEXT,
  gateway TEXT
) STRICT;

-- What a container asked for, kept while it is stopped; settings is its EndpointSettings as given, network_id the
-- network it was last started in ('' before its first start).
CREATE TABLE attachments (
  container_id TEXT NOT NULL,
  network TEXT NOT NULL,
  network_id TEXT NOT NULL DEFAULT '',
  settings TEXT NOT NULL,
  PRIMARY KEY (container_id, network)
) STRICT, WITHOUT ROWID;

-- One per started container; everything below is owned by it and goes with it.
CREATE TABLE sandboxes (
  container_id TEXT PRIMARY KEY,
  id TEXT NOT NULL,
  mode TEXT NOT NULL,
  name TEXT NOT NULL,
  -- What hosts, resolv.conf and the port list are made from (JSON).
  request TEXT NOT NULL
) STRICT;

CREATE TABLE endpoints (
  id TEXT PRIMARY KEY,
  container_id TEXT NOT NULL REFERENCES sandboxes (container_id) ON DELETE CASCADE,
  network_id TEXT NOT NULL REFERENCES networks (id),
  link TEXT,
  mac TEXT NOT NULL,
  address INTEGER,
  UNIQUE (network_id, address)
) STRICT;
CREATE INDEX endpoints_by_container ON endpoints (container_id);

CREATE TABLE published_ports (
  protocol TEXT NOT NULL,
  host_port INTEGER NOT NULL,
  host_ip TEXT NOT NULL,
  port INTEGER NOT NULL,
  container_id TEXT NOT NULL REFERENCES sandboxes (container_id) ON DELETE CASCADE,
  PRIMARY KEY (protocol, host_port, host_ip)
) STRICT, WITHOUT ROWID;
CREATE INDEX published_ports_by_container ON published_ports (container_id);

-- Facts about this host that outlive the daemon, not the boot (`forwarding`: where we switched it on).
CREATE TABLE network_facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
