import { archive, layerOf } from './rig.ts';

/** A small layer with a bit of everything. */
export const LAYER = layerOf(
  archive([
    { type: 'directory', name: 'data', mode: 0o1770, uid: 70, gid: 71, mtime: { seconds: 5, nanoseconds: 6 } },
    { type: 'file', name: 'data/f', content: 'hello', uid: 70, mode: 0o4755 },
    { type: 'hardlink', name: 'data/g', linkName: 'data/f' },
    { type: 'symlink', name: 'data/l', linkName: 'f' },
    { type: 'fifo', name: 'data/p' },
    { type: 'file', name: Buffer.from('data/\xff\xfe', 'latin1'), content: 'bytes' },
    { type: 'directory', name: 'empty', mode: 0o700, uid: 999, gid: 998 },
    { type: 'symlink', name: 'var', linkName: '/data' },
    { type: 'file', name: 'file', content: 'x' },
  ]),
);
