import { quickstart } from './host-suite.ts';
import { ImageCuts, KINDS, startRegistry } from './image-cuts.ts';
import { boot } from './machine.ts';

/**
 * Cuts the power of a Debian 13 machine again and again, during and after each verb of images in turn, and prints a table.
 * GANTRY_POWER_CUTS: of each verb (20). GANTRY_POWER_FROM: a snapshot of a machine with Gantry to begin with.
 */
const cuts = Number(process.env.GANTRY_POWER_CUTS ?? 20);
const from = process.env.GANTRY_POWER_FROM;
const machine = await boot('trixie', 'powercut', from);
const rows = new Map(KINDS.map((kind) => [kind, { during: 0, 'of them done': 0, after: 0, failed: 0 }]));
try {
  if (from === undefined) await quickstart.run(machine);
  else await machine.putRepository();
  await machine.sh(
    'cd /root/gantry && node_modules/.bin/node tools/bundle.ts && systemctl restart gantry; gantry rm -f gantry-hello || true',
  );
  await startRegistry(machine);
  const rig = new ImageCuts(machine);
  for (let round = 0; round < cuts; round++) {
    for (const kind of KINDS) {
      const row = rows.get(kind)!;
      try {
        const { isAcknowledged, isDone } = await rig.cut(kind, round % 2 === 0 ? 'after' : { during: Math.random() });
        row[isAcknowledged ? 'after' : 'during']++;
        if (isDone && !isAcknowledged) row['of them done']++;
      } catch (error) {
        row.failed++;
        console.error(`${kind}, round ${round + 1}:`, error);
      }
    }
    console.log(`after round ${round + 1} of ${cuts}, ${new Date().toISOString()}`);
    console.table(Object.fromEntries(rows));
  }
} finally {
  await machine.destroy();
}
process.exitCode = [...rows.values()].some(({ failed }) => failed > 0) ? 1 : 0;
