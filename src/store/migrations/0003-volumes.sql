-- Volumes of the local driver. `labels` and `options` are JSON objects or NULL, as given; `created` in s since the epoch.
CREATE TABLE volumes (
  name TEXT PRIMARY KEY,
  labels TEXT,
  options TEXT,
  created INTEGER NOT NULL
) STRICT;
