// Bundles the CLI into build/gantry.cjs: one file loads several times faster than a hundred. Run by `npm run build`.

import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Bundles the CLI; answers with the files it was made from, relative to the root. */
export async function bundleCli(outdir = `${root}build`): Promise<string[]> {
  mkdirSync(outdir, { recursive: true });
  const result = await build({
    absWorkingDir: root,
    entryPoints: ['src/cli/index.ts'],
    outfile: `${outdir}/gantry.cjs`,
    bundle: true,
    platform: 'node',
    target: 'node26',
    format: 'cjs',
    minify: true,
    keepNames: false,
    legalComments: 'none',
    metafile: true,
    define: { 'process.env.GANTRY_COMMIT': JSON.stringify(commit()) },
  });
  const inputs = Object.keys(result.metafile.inputs);
  writeFileSync(`${outdir}/gantry.inputs.json`, JSON.stringify(inputs));
  return inputs;
}

function commit(): string {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: root, encoding: 'utf8' }).trim();
  } catch {
    return '';
  }
}

if (import.meta.main) {
  const inputs = await bundleCli();
  console.log(`build/gantry.cjs: ${inputs.length} files`);
}
