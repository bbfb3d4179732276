-- Networks of the user's own, with IPv6, and containers with a place in several.
ALTER TABLE networks ADD COLUMN subnet6 TEXT;
ALTER TABLE networks ADD COLUMN gateway6 TEXT;
-- What was asked for and is shown again: labels, options, address management (JSON; '' for the predefined ones).
ALTER TABLE networks ADD COLUMN settings TEXT NOT NULL DEFAULT '';

-- An endpoint's IPv6 address in its shortest form, its interface in the sandbox, and whether the sandbox's default route
-- and published ports are its own.
ALTER TABLE endpoints ADD COLUMN address6 TEXT;
ALTER TABLE endpoints ADD COLUMN interface TEXT NOT NULL DEFAULT 'eth0';
ALTER TABLE endpoints ADD COLUMN gateway INTEGER NOT NULL DEFAULT 1;
CREATE UNIQUE INDEX endpoints_by_address6 ON endpoints (network_id, address6);
