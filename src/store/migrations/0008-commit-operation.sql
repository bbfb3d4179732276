-- A container that is paused for a commit has an operation too. SQLite cannot change a CHECK: the table is made anew.
CREATE TABLE operations_with_commit (
  container_id TEXT PRIMARY KEY REFERENCES containers (id) ON DELETE CASCADE,
  verb TEXT NOT NULL CHECK (verb IN ('create', 'start', 'stop', 'restart', 'remove', 'await', 'replace', 'commit')),
  detail TEXT NOT NULL DEFAULT '{}',
  boot_id TEXT NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO operations_with_commit SELECT container_id, verb, detail, boot_id FROM operations;

DROP TABLE operations;

ALTER TABLE operations_with_commit RENAME TO operations;
