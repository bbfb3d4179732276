/**
 * Volumes of the `local` driver: their rows, their folders (`volumes/<name>/_data`) and the verbs on them. A row is the
 * truth: a folder without one is left over and goes at the next start, a row without a folder gets one. Use of a volume
 * is not kept here: the consumer answers who uses it. What `driver_opts` name is mounted on the folder while a container uses it.
 */
export type { VolumesOptions, VolumeUsage, VolumeUser } from './volumes.ts';
export { Volumes } from './volumes.ts';
