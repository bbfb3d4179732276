import type { ImageInspect, ImageSummary } from '#api';
import { before } from '#api';

/** One image of a list as that API version has it. */
export function summaryFor(version: string, image: ImageSummary): ImageSummary {
  let shaped = image;
  if (before(version, '1.48') && shaped.Descriptor) shaped = { ...shaped, Descriptor: undefined };
  if (before(version, '1.44')) shaped = { ...shaped, VirtualSize: shaped.Size };
  if (before(version, '1.43') && shaped.RepoTags.length === 0) {
    const digests = shaped.RepoDigests.length === 0 ? ['<none>@<none>'] : shaped.RepoDigests;
    shaped = { ...shaped, RepoTags: ['<none>:<none>'], RepoDigests: digests };
  }
  return shaped;
}

/** What the config of an image had before 1.50 though an image cannot set it. */
const LEGACY_CONFIG = {
  AttachStderr: false,
  AttachStdin: false,
  AttachStdout: false,
  Cmd: null,
  Domainname: '',
  Entrypoint: null,
  Env: null,
  Hostname: '',
  Image: '',
  Labels: null,
  OnBuild: null,
  OpenStdin: false,
  StdinOnce: false,
  Tty: false,
  User: '',
  Volumes: null,
  WorkingDir: '',
};

/** The inspected image as that API version has it. */
export function inspectFor(version: string, image: ImageInspect): unknown {
  let shaped: Record<string, unknown> = { ...image };
  if (before(version, '1.48')) delete shaped.Descriptor;
  if (before(version, '1.44')) shaped = { ...shaped, VirtualSize: image.Size, Created: image.Created ?? '' };
  if (before(version, '1.50')) shaped.Config = { ...LEGACY_CONFIG, ...image.Config };
  return shaped;
}
