-- Containers. The name is taken exactly as long as the row exists. `spec` is JSON that never changes except by rename
-- and update: Config, HostConfig, endpoints as asked for. `health` is JSON of the last probes, null without healthcheck.
CREATE TABLE containers (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  created_nano TEXT NOT NULL, -- ns since the epoch, 19 digits: beyond a double
  image_id TEXT NOT NULL,
  spec TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('created', 'running', 'paused', 'restarting', 'removing', 'exited', 'dead')),
  pid INTEGER,
  pid_start INTEGER,
  boot_id TEXT,
  exit_code INTEGER NOT NULL DEFAULT 0,
  error TEXT NOT NULL DEFAULT '',
  oom_killed INTEGER NOT NULL DEFAULT 0,
  started_at TEXT NOT NULL DEFAULT '0001-01-01T00:00:00Z',
  finished_at TEXT NOT NULL DEFAULT '0001-01-01T00:00:00Z',
  restart_count INTEGER NOT NULL DEFAULT 0,
  manually_stopped INTEGER NOT NULL DEFAULT 0,
  health TEXT,
  CHECK (status NOT IN ('running', 'paused') OR (pid IS NOT NULL AND pid_start IS NOT NULL AND boot_id IS NOT NULL))
) STRICT;
CREATE INDEX containers_image ON containers (image_id);

-- Mount points, in the order of inspect. The rows are the use of a volume: there is no count of it elsewhere.
CREATE TABLE container_mounts (
  container_id TEXT NOT NULL REFERENCES containers (id) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  destination TEXT NOT NULL,
  volume TEXT,
  point TEXT NOT NULL,
  PRIMARY KEY (container_id, destination)
) STRICT, WITHOUT ROWID;
CREATE INDEX container_mounts_volume ON container_mounts (volume) WHERE volume IS NOT NULL;

-- What is under way with a container. `detail` is JSON of the verb.
CREATE TABLE operations (
  container_id TEXT PRIMARY KEY REFERENCES containers (id) ON DELETE CASCADE,
  verb TEXT NOT NULL CHECK (verb IN ('create', 'start', 'stop', 'restart', 'remove', 'await', 'replace')),
  detail TEXT NOT NULL DEFAULT '{}',
  boot_id TEXT NOT NULL
) STRICT, WITHOUT ROWID;
