import type { DiskUsage, ImageSummary, Info, Version } from '#api';
import { API_VERSION, before, MIN_API_VERSION } from '#api';
import { summaryFor } from './image-versions.ts';

/** `/version` as that API version has it. */
export function versionFor(_version: string, value: Version): Version {
  return { ...value, ApiVersion: API_VERSION, MinAPIVersion: MIN_API_VERSION };
}

/** `/info` as that API version has it. */
export function infoFor(version: string, value: Info): unknown {
  let info: Record<string, unknown> = { ...value };
  if (before(version, '1.50')) info = { ...info, BridgeNfIptables: false, BridgeNfIp6tables: false };
  if (before(version, '1.49')) {
    drop(info, 'FirewallBackend');
    info.RuncCommit = { ...value.RuncCommit, Expected: value.RuncCommit.ID };
  }
  if (before(version, '1.48')) {
    info.RegistryConfig = {
      AllowNondistributableArtifactsCIDRs: null,
      AllowNondistributableArtifactsHostnames: null,
      ...value.RegistryConfig,
    };
  }
  if (before(version, '1.46')) drop(info, 'Containerd');
  if (before(version, '1.42')) info.KernelMemory = true;
  // Docker: before 1.25 options had no `name=`.
  if (before(version, '1.25')) info.SecurityOptions = value.SecurityOptions.map(plainOption).filter(isPlain);
  return info;
}

function drop(record: Record<string, unknown>, name: string): void {
  delete record[name];
}

const plainOption = (option: string) => /(?:^|,)name=([^,]*)/.exec(option)?.[1] ?? option;
const isPlain = (option: string) => ['seccomp', 'apparmor', 'selinux', 'userns'].includes(option);

/** Docker: a list of images says no names as [], this one as null. */
function withoutEmptyNames(image: ImageSummary): ImageSummary {
  const { RepoTags, RepoDigests } = image;
  const orNull = (names: string[] | null) => (names?.length ? names : null) as string[];
  return { ...image, RepoTags: orNull(RepoTags), RepoDigests: orNull(RepoDigests) };
}

/** `/system/df` as that API version has it. */
export function diskUsageFor(version: string, usage: DiskUsage): DiskUsage {
  if (usage.Images === null) return usage;
  const images = before(version, '1.44') ? usage.Images.map((image) => summaryFor(version, image)) : usage.Images;
  return { ...usage, Images: images.map(withoutEmptyNames) };
}
