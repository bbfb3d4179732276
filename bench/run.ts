import { bundleCli } from '../tools/bundle/cli.ts';
import { bundleDaemon } from '../tools/bundle/daemon.ts';
import { startPair } from './engines.ts';
import { GROUPS } from './groups.ts';
import { format } from './statistics.ts';

const wanted = process.argv.slice(2);
await bundleDaemon();
await bundleCli();
const pair = await startPair();
try {
  console.log('| what | goal | gantry | dockerd | unit | ratio |\n|---|---|---|---|---|---|');
  for (const [name, measure] of Object.entries(GROUPS)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    for await (const row of measure(pair)) console.log(format(row));
  }
} finally {
  await pair.ours.daemon.destroy();
}
