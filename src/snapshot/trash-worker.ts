import { parentPort, workerData } from 'node:worker_threads';
import { TrashFolder } from './trash-folder.ts';

const folder = new TrashFolder(workerData as string);

/** The trash worker: empties the folder each time it is told to, and answers with what is left. */
parentPort!.on('message', async () => {
  parentPort!.postMessage(await folder.empty());
});
