import type { Flag } from '../command.ts';
import { ulimit } from '../options/ulimit.ts';

const list = (name: string, usage: string, short?: string): Flag => ({
  name,
  kind: 'list',
  usage,
  holds: 'stringArray',
  ...(short && { short }),
});
const text = (name: string, usage: string, more: Partial<Flag> = {}): Flag => ({
  name,
  kind: 'string',
  usage,
  ...more,
});

/** The flags of `build`, as buildx has them. */
export const buildFlags: readonly Flag[] = [
  { ...list('add-host', 'Add a custom host-to-IP mapping (format: "host:ip")'), holds: 'strings' },
  list('allow', 'Allow extra privileged entitlement (e.g., "network.host", "security.insecure", "device")'),
  list('annotation', 'Add annotation to the image'),
  list('attest', 'Attestation parameters (format: "type=sbom,generator=image")'),
  list('build-arg', 'Set build-time variables'),
  list('build-context', 'Additional build contexts (e.g., name=path)'),
  list('cache-from', 'External cache sources (e.g., "user/app:cache", "type=local,src=path/to/dir")'),
  list('cache-to', 'Cache export destinations (e.g., "user/app:cache", "type=local,dest=path/to/dir")'),
  text('call', 'Set method for evaluating build ("check", "outline", "targets")', {
    initial: 'build',
    shown: '"build"',
  }),
  text('cgroup-parent', 'Set the parent cgroup for the "RUN" instructions during build'),
  { name: 'check', kind: 'bool', usage: 'Shorthand for "--call=check"' },
  { name: 'debug-on-error', kind: 'bool', usage: 'Open a shell in the files of a step that fails' },
  text('file', 'Name of the Dockerfile (default: "PATH/Dockerfile")', { short: 'f' }),
  text('iidfile', 'Write the image ID to a file'),
  list('label', 'Set metadata for an image'),
  { name: 'load', kind: 'bool', usage: 'Shorthand for "--output=type=docker"' },
  text('metadata-file', 'Write build result metadata to a file'),
  text('network', 'Set the networking mode for the "RUN" instructions during build', {
    initial: 'default',
    shown: '"default"',
  }),
  { name: 'no-cache', kind: 'bool', usage: 'Do not use cache when building the image' },
  list('no-cache-filter', 'Do not cache specified stages'),
  list('output', 'Output destination (format: "type=local,dest=path")', 'o'),
  list('platform', 'Set target platform for build'),
  text('progress', 'Set type of progress output ("auto", "none", "plain", "quiet", "rawjson", "tty")', {
    initial: 'auto',
    shown: '"auto"',
  }),
  text('provenance', 'Shorthand for "--attest=type=provenance"'),
  { name: 'pull', kind: 'bool', usage: 'Always attempt to pull all referenced images' },
  { name: 'push', kind: 'bool', usage: 'Shorthand for "--output=type=registry"' },
  { name: 'quiet', short: 'q', kind: 'bool', usage: 'Suppress the build output and print image ID on success' },
  text('sbom', 'Shorthand for "--attest=type=sbom"'),
  list('secret', 'Secret to expose to the build (format: "id=mysecret[,src=/local/secret]")'),
  { name: 'shm-size', kind: 'bytes', usage: 'Shared memory size for build containers' },
  list('ssh', 'SSH agent socket or keys to expose to the build (format: "default|<id>[=<socket>|<key>[,<key>]]")'),
  list('tag', 'Name and optionally a tag (format: "name:tag")', 't'),
  text('target', 'Set the target build stage to build'),
  { name: 'ulimit', kind: 'ulimit', usage: 'Ulimit options', initial: [], shown: '[]', read: ulimit },
];
