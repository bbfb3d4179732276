import { notFound } from '#errdefs';
import type { Platform } from '#oci';
import { formatPlatform, platformMatches } from '#oci';
import type { ImageRecord } from './record.ts';

/** Docker's error for an image that is here for another platform than the call names. `name` is what the user wrote. */
export function assertPlatform(image: Pick<ImageRecord, 'config'>, name: string, platform: Platform | undefined): void {
  if (!platform) return;
  const { os, architecture, variant } = image.config;
  const own = { os: os || 'linux', architecture: architecture || 'amd64', ...(variant && { variant }) };
  if (platformMatches(platform, own)) return;
  throw notFound(
    `image with reference ${name} was found but its platform (${formatPlatform(own)}) does not match the specified platform (${formatPlatform(platform)})`,
  );
}
