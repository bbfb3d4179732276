import type { BuildArguments } from '#api';
import { SolveRequest } from '#buildkit';
import { internal, invalid } from '#errdefs';
import type { Message } from '#protobuf';
import { decode, encode } from '#protobuf';

/** What `POST /build?version=2` asks for, as a request of BuildKit's protocol. */
export function solveRequestOf(options: BuildArguments, ref: string): Message<typeof SolveRequest> {
  const { networkMode, session, outputs, tags } = options;
  if (outputs.length > 1) throw invalid('multiple outputs not supported');
  const { type, attrs } = outputs[0] ?? { type: 'moby', attrs: {} };
  const names = tags.filter((tag) => tag !== '');
  const isImage = type === 'moby' || type === 'image';
  const exporterAttrs = new Map([
    ...Object.entries(attrs),
    ...(isImage && names.length > 0 ? [['name', names.join()] as const] : []),
  ]);
  const request = {
    ...{ ref, session, exporter: type, exporterAttrs, frontend: 'dockerfile.v0' },
    frontendAttrs: new Map(attributesOf(options)),
    entitlements: networkMode === 'host' ? ['network.host'] : [],
  };
  return decode(SolveRequest, encode(SolveRequest, request));
}

type Attribute = readonly [string, string];

function attributesOf(options: BuildArguments): Attribute[] {
  const { target, dockerfile, noCache, pull, platform, extraHosts, shmSize, ulimits, cacheFrom } = options;
  const { buildArgs, labels, remote, cgroupParent, networkMode } = options;
  const given = (name: string, value: string): Attribute[] => (value === '' ? [] : [[name, value]]);
  return [
    ...given('target', target),
    ...given('filename', dockerfile === '.' ? '' : dockerfile),
    ...(noCache ? [['no-cache', ''] as const] : []),
    ['image-resolve-mode', pull ? 'pull' : 'default'],
    ...given('platform', platform),
    ...given('force-network-mode', networkOf(networkMode)),
    ...given('add-hosts', extraHosts.map((pair) => pair.replace(':', '=')).join()),
    ...given('shm-size', shmSize > 0 ? String(shmSize) : ''),
    ...given('ulimit', ulimits.map(({ Name, Soft, Hard }) => `${Name}=${Soft}:${Hard}`).join()),
    ...given('cgroup-parent', cgroupParent),
    ...given('cache-from', cacheFrom.join()),
    ...given('context', /^(https?|git|ssh):\/\/|^git@|^github\.com\//.test(remote) ? remote : ''),
    ...Object.entries(buildArgs).flatMap(([key, value]) =>
      value === null ? [] : [[`build-arg:${key}`, value] as const],
    ),
    ...Object.entries(labels).map(([key, value]) => [`label:${key}`, value] as const),
  ];
}

function networkOf(mode: string): string {
  if (mode === 'host' || mode === 'none') return mode;
  if (mode === '' || mode === 'default') return '';
  // Docker: an error 500.
  throw internal(`network mode ${JSON.stringify(mode)} not supported by buildkit`);
}
