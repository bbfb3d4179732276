-- The last events, for `GET /events?since=`. `seq` has no gaps; `message` is the API's JSON object.
CREATE TABLE events (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  time_nano INTEGER NOT NULL,
  message TEXT NOT NULL
) STRICT;

-- Facts about the engine itself, such as its id.
CREATE TABLE engine (
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT;
