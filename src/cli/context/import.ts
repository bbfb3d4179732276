import { createReadStream } from 'node:fs';
import { TarReader } from '#tar';
import type { Command } from '../command.ts';
import { goFileError } from '../options/files.ts';
import type { ContextMeta, TlsMaterial } from './store.ts';
import { checkName, contextExists, parseMeta, writeContext } from './store.ts';

/** Docker's limit on such archives. */
const LIMIT = 10 << 20;

/** Makes a context from an archive. */
export const command: Command = {
  usage: 'CONTEXT FILE|-',
  operands: { least: 2, most: 2 },
  flags: [],
  run: async (session, { operands: [name = '', file = ''] }) => {
    checkName(name);
    if (contextExists(session.configDir, name)) throw new Error(`context "${name}" already exists`);
    const input = file === '-' ? process.stdin : createReadStream(file);
    const { meta, tls } = await decodeContext(input as AsyncIterable<Buffer>).catch((error: NodeJS.ErrnoException) => {
      throw error.code ? goFileError(error, file) : error;
    });
    writeContext(session.configDir, { ...meta, Name: name }, tls);
    session.out(`${name}\n`);
    session.err(`Successfully imported context "${name}"\n`);
    return 0;
  },
};

/** Reads what {@link encodeContext} writes; names in it lead nowhere but into the context's own folder. */
export async function decodeContext(chunks: AsyncIterable<Buffer>): Promise<{ meta: ContextMeta; tls: TlsMaterial }> {
  const reader = new TarReader(limited(chunks), { entries: 100, nameBytes: 255, paxBytes: 4096, segments: 1 });
  let meta: ContextMeta | undefined;
  const tls: TlsMaterial = {};
  for await (const entry of reader) {
    const name = entry.name.toString('utf8').replace(/^\.\//, '');
    if (entry.type === 'directory') continue;
    if (entry.type !== 'file') throw new Error(`unexpected entry "${name}" in the archive`);
    const content: Buffer[] = [];
    for (let piece = await reader.read(); piece; piece = await reader.read()) content.push(piece);
    const [, file] = /^tls\/docker\/([\w.-]+)$/.exec(name) ?? [];
    if (name === 'meta.json') meta = parseMeta(Buffer.concat(content).toString('utf8'), name);
    else if (file && !/^\.+$/.test(file)) tls[file] = Buffer.concat(content);
    else throw new Error(`unexpected entry "${name}" in the archive`);
  }
  if (!meta) throw new Error('invalid context: no metadata found');
  return { meta, tls };
}

async function* limited(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let size = 0;
  for await (const chunk of chunks) {
    size += chunk.length;
    if (size > LIMIT) throw new Error(`the archive is larger than ${LIMIT} bytes`);
    yield chunk;
  }
}
