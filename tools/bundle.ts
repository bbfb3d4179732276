// Builds what starts quickly out of the sources: build/gantry and build/daemon. Run by `npm run build`; bin/gantry and
// bin/gantryd take what it built as long as no source is newer.
import { bundleCli } from './bundle/cli.ts';
import { bundleDaemon } from './bundle/daemon.ts';

await bundleDaemon();
console.log('build/daemon');
await bundleCli();
console.log('build/gantry');
