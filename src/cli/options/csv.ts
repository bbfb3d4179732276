/** The fields of one CSV record as Go's encoding/csv reads it; throws with its text. */
export function csvFields(line: string): string[] {
  const fields: string[] = [];
  let at = 0;
  for (;;) {
    if (line[at] !== '"') {
      const comma = line.indexOf(',', at);
      const field = comma < 0 ? line.slice(at) : line.slice(at, comma);
      if (field.includes('"'))
        throw new Error(`parse error on line 1, column ${at + field.indexOf('"') + 1}: bare " in non-quoted-field`);
      fields.push(field);
      if (comma < 0) return fields;
      at = comma + 1;
      continue;
    }
    const quoted = /"((?:[^"]|"")*)"/y;
    quoted.lastIndex = at;
    const found = quoted.exec(line);
    if (!found)
      throw new Error(`parse error on line 1, column ${line.length + 1}: extraneous or missing " in quoted-field`);
    fields.push((found[1] ?? '').replaceAll('""', '"'));
    at = quoted.lastIndex;
    if (at >= line.length) return fields;
    if (line[at] !== ',')
      throw new Error(`parse error on line 1, column ${at}: extraneous or missing " in quoted-field`);
    at += 1;
  }
}
