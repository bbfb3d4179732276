import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** The archive of a build context with these files. */
export function contextTar(files: Readonly<Record<string, string | Uint8Array>>): Buffer {
  const root = mkdtempSync(join(tmpdir(), 'gantry-context-'));
  try {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    return execFileSync('tar', ['-C', root, '--sort=name', '--owner=0', '--group=0', '--mtime=@0', '-c', '.'], {
      maxBuffer: 1 << 26,
    });
  } finally {
    rmSync(root, { recursive: true });
  }
}
