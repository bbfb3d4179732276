-- How far each container's log was delivered to its driver's sink: behind so many bytes of the file with this inode, where
-- an entry of this time ends.
CREATE TABLE log_cursors (
  container_id TEXT PRIMARY KEY REFERENCES containers (id) ON DELETE CASCADE,
  inode TEXT NOT NULL,
  "offset" INTEGER NOT NULL,
  entry_nano TEXT NOT NULL
) STRICT, WITHOUT ROWID;
