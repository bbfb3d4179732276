-- How lives before the present one ended, and starts that failed (`started_at` is empty): the last few of each container.
CREATE TABLE container_ends (
  seq INTEGER PRIMARY KEY,
  container_id TEXT NOT NULL REFERENCES containers (id) ON DELETE CASCADE,
  started_at TEXT NOT NULL,
  finished_at TEXT NOT NULL,
  exit_code INTEGER NOT NULL,
  oom_killed INTEGER NOT NULL,
  manually_stopped INTEGER NOT NULL,
  error TEXT NOT NULL,
  UNIQUE (container_id, finished_at)
) STRICT;
