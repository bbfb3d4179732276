import type { FsckReport } from '#api';
import type { Command } from '../command.ts';
import { showProgress } from '../output/progress.ts';
import { registryConfig } from '../registry/credentials.ts';

/** Checks what images have on the disk, and repairs it. Exit code 1: something stays damaged. */
export const command: Command = {
  usage: '[OPTIONS]',
  operands: { least: 0, most: 0 },
  flags: [
    { name: 'deep', kind: 'bool', usage: 'Compare unpacked layers with their archives file by file' },
    { name: 'dry-run', kind: 'bool', usage: 'Only tell what is damaged' },
  ],
  run: async (session, { flags }) => {
    const body = await session.client.system.fsck({
      dryRun: flags.bool('dry-run'),
      deep: flags.bool('deep'),
      registryConfig: registryConfig(session),
    });
    const [report] = (await showProgress(body, { write: (text) => session.out(text), fd: 1 })) as FsckReport[];
    if (!report) throw new Error('the daemon ended the check without a report');
    const { Blobs, Snapshots, Problems } = report;
    const left = Problems.filter(({ Repair }) => Repair === '').length;
    session.out(
      `${Blobs} blobs and ${Snapshots} unpacked layers checked: ${Problems.length} damaged or missing, ${Problems.length - left} repaired\n`,
    );
    return left > 0 ? 1 : 0;
  },
};
