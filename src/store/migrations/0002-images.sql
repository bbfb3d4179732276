-- An image is its config document; `id` is that document's digest. `target` is the descriptor (JSON) of the manifest or
-- index it came as, `manifest` the digest of its own manifest; both are blobs of the content store. `size` is the
-- bytes of all unpacked layers. A hidden image was removed while a container used it.
CREATE TABLE images (
  id TEXT PRIMARY KEY,
  target TEXT NOT NULL,
  manifest TEXT NOT NULL,
  config BLOB NOT NULL,
  size INTEGER NOT NULL,
  parent TEXT,
  last_tagged TEXT,
  hidden INTEGER NOT NULL DEFAULT 0
) STRICT;

-- Names in their long form: `docker.io/library/busybox:latest` or `docker.io/library/busybox@sha256:…`.
CREATE TABLE image_names (
  name TEXT PRIMARY KEY,
  image TEXT NOT NULL REFERENCES images (id)
) STRICT;
CREATE INDEX image_names_image ON image_names (image);

-- Layers unpacked on disk, and the stacks that images make of them; `size` in bytes, unpacked.
CREATE TABLE layers (
  chain_id TEXT PRIMARY KEY,
  diff_id TEXT NOT NULL,
  size INTEGER NOT NULL
) STRICT;
CREATE TABLE image_layers (
  image TEXT NOT NULL REFERENCES images (id) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  chain_id TEXT NOT NULL REFERENCES layers (chain_id),
  PRIMARY KEY (image, position)
) STRICT;
CREATE INDEX image_layers_chain ON image_layers (chain_id);
