import type { HostConfig } from '#api';
import { parseBytes } from '#api';
import { internal } from '#errdefs';

/** How many bytes a container may write (`--storage-opt size=`); undefined when it does not say. Docker's errors. */
export function storageSize({ StorageOpt }: Pick<HostConfig, 'StorageOpt'>): number | undefined {
  let size: number | undefined;
  for (const [option, value] of Object.entries(StorageOpt ?? {})) {
    if (option.toLowerCase() !== 'size') throw internal(`Unknown option ${option}`);
    size = parseBytes(value);
    if (size === undefined) throw internal(`invalid size: '${value}'`);
  }
  return size || undefined;
}
