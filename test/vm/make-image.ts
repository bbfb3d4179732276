import { createCipheriv, createHash } from 'node:crypto';
import { encodeEntry, paddingOf, TAR_END } from '#tar';
import { dockerArchive } from '../integration/image/archives.ts';

/**
 * Prints an image whose bytes follow from a word, so that none is like another: with a name a docker-archive of it, without
 * one the tree of its first layer.
 */
const [word, name] = process.argv.slice(2);
const LAYERS = 4;
const FILES = 120;

/** The same bytes for the same word, which do not shrink. */
function bytesOf(text: string, length: number): Buffer {
  const key = createHash('sha256').update(text).digest();
  return createCipheriv('aes-256-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(length));
}

function layer(index: number): Buffer {
  const files = Array.from({ length: FILES }, (_, i) => {
    const path = `layer-${index}/folder-${i % 10}/file-${i}`;
    const content = bytesOf(`${word} ${path}`, 500 + ((i * 2711) % 40_000));
    const head = encodeEntry({ type: 'file', name: Buffer.from(path), size: content.length, mode: 0o644 });
    return Buffer.concat([head, content, paddingOf(content.length)]);
  });
  return Buffer.concat([...files, TAR_END]);
}

process.stdout.write(
  name === undefined
    ? layer(0)
    : dockerArchive(
        [name],
        Array.from({ length: LAYERS }, (_, i) => layer(i)),
      ).bytes,
);
