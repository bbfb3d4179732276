-- What steps of builds made: `id` is the digest of what a step depends on, `chain` its layers (JSON, base first), `own`
-- whether the last of them is the step's. A source of `build_cache_layers` is a layer that is kept although no image has it.
CREATE TABLE build_cache (
  id TEXT PRIMARY KEY,
  type TEXT NOT NULL,
  description TEXT NOT NULL,
  chain TEXT NOT NULL,
  own INTEGER NOT NULL,
  size INTEGER NOT NULL,
  parents TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  used_at INTEGER NOT NULL,
  uses INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE build_cache_layers (
  id TEXT NOT NULL REFERENCES build_cache (id) ON DELETE CASCADE,
  chain_id TEXT NOT NULL,
  descriptor TEXT NOT NULL,
  PRIMARY KEY (id, chain_id)
) STRICT;
CREATE INDEX build_cache_layers_chain ON build_cache_layers (chain_id);
