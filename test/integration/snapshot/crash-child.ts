// Unpacks a layer and prepares a container; a failpoint kills it on the way.
import { nullLog } from '#log';
import { Snapshots } from '#snapshot';
import { LAYER } from './crash-layer.ts';
import { LAUNCHER } from './rig.ts';

const snapshots = new Snapshots({ root: process.argv[2]!, launcher: LAUNCHER, log: nullLog });
await snapshots.unpack(LAYER);
await snapshots.prepare('c', [LAYER.chainId]);
