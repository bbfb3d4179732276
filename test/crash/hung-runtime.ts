import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Runtimes that sleep for ever instead of one of their commands, and a daemon.json that names them. */
export interface HungRuntime {
  readonly config: string;
  readonly inRun: string;
  readonly inExec: string;
  remove(): void;
}

export function hungRuntime(): HungRuntime {
  const folder = mkdtempSync(join(tmpdir(), 'gantry-hung-'));
  const script = (command: string) => {
    const path = join(folder, `crun-hung-in-${command}`);
    const text = `#!/bin/sh\nfor word; do [ "$word" = ${command} ] && exec sleep 1000000; done\nexec crun "$@"\n`;
    writeFileSync(path, text, { mode: 0o755 });
    return { path };
  };
  const runtimes = { 'hung-in-run': script('run'), 'hung-in-exec': script('exec') };
  const config = join(folder, 'daemon.json');
  writeFileSync(config, JSON.stringify({ runtimes }));
  return {
    config,
    inRun: 'hung-in-run',
    inExec: 'hung-in-exec',
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
