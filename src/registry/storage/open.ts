import { join } from 'node:path';
import type { RegistryConfig } from '../config.ts';
import type { Storage } from '../deps.ts';
import { folderStorage } from './folder.ts';
import { s3Storage } from './s3.ts';

/**
 * Where a configuration keeps content; `otherwise` when it does not say. A bucket wins: the configuration in our image
 * names a folder, the environment adds the bucket.
 */
export function openStorage({ s3, folder }: RegistryConfig, otherwise: Storage | string): Storage {
  const place = folder ?? otherwise;
  if (s3) return s3Storage(s3, typeof place === 'string' ? join(place, 'gantry', 'uploads') : place.uploads);
  return typeof place === 'string' ? folderStorage(place) : place;
}
