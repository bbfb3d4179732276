import { spawn } from 'node:child_process';

/** What `npm run check` runs, all at once: format and lint, types, layers, sizes, generated pages, unit tests. */
const STEPS: Readonly<Record<string, readonly string[]>> = {
  biome: ['biome', 'check', '.'],
  types: ['tsc', '--noEmit', '-p', '.'],
  layers: ['node', 'tools/layers.ts'],
  sizes: ['node', 'tools/sizes.ts'],
  compatibility: ['node', 'tools/compatibility.ts', '--check'],
  unit: ['node', '--test', '--test-isolation=none', '--test-reporter=dot', 'src/**/*.test.ts', 'tools/**/*.test.ts'],
};

function run(name: string, [command, ...args]: readonly string[]): Promise<boolean> {
  const started = performance.now();
  return new Promise((resolve) => {
    const child = spawn(command!, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    child.stderr.on('data', (chunk) => (output += chunk));
    child.on('close', (code) => {
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      console.log(`${code === 0 ? 'ok    ' : 'FAILED'} ${name} (${seconds} s)`);
      if (code !== 0) console.log(output);
      resolve(code === 0);
    });
    child.on('error', (error) => {
      output += `${error.message}\n`;
    });
  });
}

const results = await Promise.all(Object.entries(STEPS).map(([name, command]) => run(name, command)));
process.exitCode = results.every(Boolean) ? 0 : 1;
