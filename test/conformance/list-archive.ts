/** The entries of an archive as a list: what can be compared between two engines. */
export function listArchive(bytes: Buffer): object[] {
  const entries: object[] = [];
  for (let at = 0; at + 512 <= bytes.length && bytes[at] !== 0; ) {
    const head = bytes.subarray(at, at + 512);
    const size = octal(head, 124, 12);
    const type = head.toString('latin1', 156, 157);
    const body = bytes.subarray(at + 512, at + 512 + size);
    at += 512 + Math.ceil(size / 512) * 512;
    // What a PAX header adds is times, which differ between any two runs.
    if (type === 'x') continue;
    const [mode, uid, gid] = [octal(head, 100, 8), octal(head, 108, 8), octal(head, 116, 8)];
    const target = text(head, 157, 100);
    const content = type === '0' ? { content: body.toString('latin1') } : {};
    entries.push({ name: text(head, 0, 100), type, mode: mode.toString(8), uid, gid, target, ...content });
  }
  return entries;
}

const text = (head: Buffer, at: number, length: number) => head.toString('latin1', at, at + length).split('\0')[0]!;
const octal = (head: Buffer, at: number, length: number) => Number.parseInt(text(head, at, length).trim() || '0', 8);
