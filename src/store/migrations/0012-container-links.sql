-- Who is linked to whom on the default bridge, and by which name (Docker's --link).
CREATE TABLE container_links (
  container_id TEXT NOT NULL REFERENCES containers (id) ON DELETE CASCADE,
  alias TEXT NOT NULL,
  linked_id TEXT NOT NULL REFERENCES containers (id) ON DELETE CASCADE,
  PRIMARY KEY (container_id, alias)
) STRICT, WITHOUT ROWID;
CREATE INDEX container_links_by_linked ON container_links (linked_id);

INSERT OR IGNORE INTO container_links (container_id, alias, linked_id)
SELECT c.id, ltrim(CASE l.colon WHEN 0 THEN l.link ELSE substr(l.link, l.colon + 1) END, '/'), other.id
FROM containers c
JOIN (SELECT p.id AS parent, each.value AS link, instr(each.value, ':') AS colon
      FROM containers p, json_each(p.spec, '$.hostConfig.Links') each) l ON l.parent = c.id
JOIN containers other
  ON ltrim(CASE l.colon WHEN 0 THEN l.link ELSE substr(l.link, 1, l.colon - 1) END, '/') IN (other.name, other.id)
WHERE c.spec ->> '$.hostConfig.NetworkMode' = 'bridge';
