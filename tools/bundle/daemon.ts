// The daemon as build/daemon: one file in place of four hundred, and one for each of the programs that it starts on Node. They
// lie as deep as a module's own files, so that paths relative to a source hold for them too.

import { cpSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** By the names under which other sources look for them. */
export const PROGRAMS: Readonly<Record<string, string>> = {
  gantryd: 'src/daemon/index.ts',
  worker: 'src/network/kernel/worker.ts',
  'sampler-worker': 'src/runtime/stats/sampler-worker.ts',
  'file-worker': 'src/builder/files/file-worker.ts',
  'trash-worker': 'src/snapshot/trash-worker.ts',
  // Alone, without koffi: it also runs in an image.
  registry: 'src/daemon/registry.ts',
  'jail/main': 'src/snapshot/jail/main.ts',
};

/** Builds build/daemon. It is as old as the beginning of its building: what is edited meanwhile is newer. */
export async function bundleDaemon(): Promise<void> {
  const began = new Date();
  const [folder, fresh] = [join(root, 'build/daemon'), join(root, 'build/daemon.new')];
  rmSync(fresh, { recursive: true, force: true });
  await bundleSources(fresh);
  writeFileSync(join(fresh, 'package.json'), '{ "type": "commonjs" }\n');
  cpSync(join(root, 'src/store/migrations'), join(fresh, 'migrations'), { recursive: true });
  utimesSync(join(fresh, 'gantryd.js'), began, began);
  rmSync(folder, { recursive: true, force: true });
  renameSync(fresh, folder);
}

async function bundleSources(outdir: string): Promise<void> {
  await build({
    absWorkingDir: root,
    entryPoints: Object.entries(PROGRAMS).map(([out, source]) => ({ out, in: source })),
    outdir,
    bundle: true,
    platform: 'node',
    target: 'node26',
    format: 'cjs',
    legalComments: 'none',
    logLevel: 'warning',
    banner: { js: "const fileUrl = require('node:url').pathToFileURL(__filename).href;" },
    define: {
      'import.meta.url': 'fileUrl',
      'import.meta.dirname': '__dirname',
      'import.meta.filename': '__filename',
    },
  });
}
