// Builds the CLI: build/gantry.cjs, one file in place of a hundred, and build/gantry, the same with its code cache inside a copy
// of Node (a single executable), which starts in three quarters of the time. Run by `npm run build`.

import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const outdir = `${root}build`;

// What the program does when it is not loaded by someone else's code.
const start =
  'module.exports.main(process.argv.slice(process.argv[2] === "--" ? 3 : 2))' +
  '.then((code) => process.reallyExit(code || process.exitCode || 0));';

/** Bundles the CLI into `${folder}/gantry.cjs`. */
async function bundleCli(folder: string): Promise<string> {
  const outfile = `${folder}/gantry.cjs`;
  await build({
    absWorkingDir: root,
    entryPoints: ['src/cli/index.ts'],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node26',
    format: 'cjs',
    minify: true,
    legalComments: 'none',
    footer: { js: `if (require('node:sea').isSea()) ${start}` },
    define: {
      'process.env.GANTRY_COMMIT': JSON.stringify(commit()),
      'process.env.GANTRY_BUILT': JSON.stringify(new Date().toISOString()),
    },
  });
  return outfile;
}

/** Makes a single executable of a bundle, on the Node that runs this. */
function makeExecutable(bundle: string, output: string): void {
  const config = `${outdir}/sea.json`;
  const fresh = `${output}.new`;
  // No worker threads for V8: starting them costs more than they can save in a program that lives for milliseconds.
  const execArgv = ['--v8-pool-size=0'];
  const options = {
    execArgvExtension: 'none',
    useCodeCache: true,
    useSnapshot: false,
    disableExperimentalSEAWarning: true,
    execArgv,
  };
  writeFileSync(config, JSON.stringify({ main: bundle, output: fresh, ...options }));
  execFileSync(process.execPath, ['--build-sea', config], { stdio: ['ignore', 'ignore', 'inherit'] });
  renameSync(fresh, output);
  rmSync(config);
}

function commit(): string {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return '';
  }
}

mkdirSync(outdir, { recursive: true });
const bundle = await bundleCli(outdir);
makeExecutable(bundle, `${outdir}/gantry`);
console.log('build/gantry.cjs, build/gantry');
