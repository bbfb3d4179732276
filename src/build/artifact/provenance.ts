import type { BuildGraph } from '#dockerfile';
import { secretId } from '#dockerfile';
import type { LayerRef } from '#image';
import type { Platform } from '#oci';
import { digestHex, familiarName, formatPlatform, parseReference, withDefaultTag } from '#oci';
import { withoutPassword } from '../ops/fetch-git.ts';
import type { BuildRequest } from '../request.ts';
import type { ProvenanceRequest } from './attestations.ts';
import { buildConfig } from './build-config.ts';

/** An image that a build began with. */
export interface Material {
  readonly reference: string;
  readonly digest: string;
  readonly platform: Platform;
}

/** What is known of a build when it has ended. */
export interface BuiltFacts {
  readonly graph: BuildGraph;
  readonly request: BuildRequest;
  readonly id: string;
  readonly startedAt: Date;
  readonly finishedAt: Date;
  readonly materials: readonly Material[];
  readonly dockerfile: { readonly name: string; readonly data: Uint8Array };
  /** Layers of each step's result, in the order of the graph. */
  readonly steps: readonly { readonly layers: readonly LayerRef[] }[];
  readonly platform: Platform;
}

export const PREDICATES = {
  'v0.2': 'https://slsa.dev/provenance/v0.2',
  v1: 'https://slsa.dev/provenance/v1',
} as const;

const BUILD_TYPE = 'https://mobyproject.org/buildkit@v1';
const DEFINITIONS = 'https://github.com/moby/buildkit/blob/master/docs/attestations/slsa-definitions.md';

/** How something was built, in SLSA's form as BuildKit fills it in. No value of a secret is known here. */
export function provenance(facts: BuiltFacts, asked: ProvenanceRequest): object {
  return asked.version === 'v1' ? newer(facts, asked) : older(facts, asked);
}

function older(facts: BuiltFacts, { mode, builderId, reproducible }: ProvenanceRequest): object {
  const { request, isWhole } = requestOf(facts, mode);
  const config = mode === 'max' ? buildConfig(facts) : undefined;
  return {
    builder: { id: builderId },
    buildType: BUILD_TYPE,
    materials: materialsOf(facts),
    invocation: {
      configSource: configSource(facts, 'entryPoint'),
      parameters: request,
      environment: { platform: formatPlatform(facts.platform) },
    },
    ...(config && { buildConfig: config.definition }),
    metadata: {
      buildInvocationID: facts.id,
      buildStartedOn: facts.startedAt.toISOString(),
      buildFinishedOn: facts.finishedAt.toISOString(),
      completeness: { parameters: isWhole, environment: true, materials: false },
      reproducible,
      [`${BUILD_TYPE}#metadata`]: config?.metadata ?? {},
    },
  };
}

function newer(facts: BuiltFacts, { mode, builderId, reproducible }: ProvenanceRequest): object {
  const { request, isWhole } = requestOf(facts, mode);
  const config = mode === 'max' ? buildConfig(facts) : undefined;
  return {
    buildDefinition: {
      buildType: DEFINITIONS,
      resolvedDependencies: materialsOf(facts),
      externalParameters: { configSource: configSource(facts, 'path'), request },
      internalParameters: {
        ...(config && { buildConfig: config.definition }),
        builderPlatform: formatPlatform(facts.platform),
      },
    },
    runDetails: {
      builder: { id: builderId },
      metadata: {
        invocationId: facts.id,
        startedOn: facts.startedAt.toISOString(),
        finishedOn: facts.finishedAt.toISOString(),
        buildkit_metadata: config?.metadata ?? {},
        ...(reproducible && { buildkit_reproducible: true }),
        buildkit_completeness: { request: isWhole, resolvedDependencies: false },
      },
    },
  };
}

/** `pkg:docker/name@tag?platform=linux%2Famd64` */
export function packageUrl(reference: string, platform: Platform): string {
  const parsed = parseReference(reference);
  const { tag, digest } = parsed.digest === undefined ? withDefaultTag(parsed) : parsed;
  const qualifiers = [
    ...(digest === undefined ? [] : [['digest', digest]]),
    ['platform', formatPlatform(platform)] as const,
  ];
  const name = familiarName(parsed).split('/').map(segment).join('/');
  const query = qualifiers.map(([key, value]) => `${key}=${encodeURIComponent(value!)}`).join('&');
  return `pkg:docker/${name}${tag === undefined ? '' : `@${encodeURIComponent(tag)}`}?${query}`;
}

const segment = (text: string): string => encodeURIComponent(text).replaceAll('%3A', ':');

function materialsOf({ materials, graph }: BuiltFacts): object[] {
  const images = materials.map(({ reference, digest, platform }) => ({
    uri: packageUrl(reference, platform),
    digest: { sha256: digestHex(digest as `sha256:${string}`) },
  }));
  const fetched = graph.stages
    .flatMap(({ steps }) => steps)
    .flatMap(({ effect }) => (effect.kind === 'copy' ? effect.sources : []))
    .flatMap((source) => {
      const [algorithm = '', value = ''] = source.kind === 'http' ? source.checksum.split(':') : [];
      return source.kind === 'http' && value !== ''
        ? [{ uri: withoutPassword(source.url), digest: { [algorithm]: value } }]
        : [];
    });
  return [...new Map([...images, ...fetched].map((one) => [one.uri, one])).values()];
}

function configSource({ request, dockerfile }: BuiltFacts, path: 'entryPoint' | 'path'): object {
  const context = request.attributes.get('context');
  return {
    ...(context && { uri: withoutPassword(context) }),
    [path]: request.attributes.get('filename') ?? dockerfile.name,
  };
}

/** Of this host, or said elsewhere. */
const LEFT_OUT = ['cgroup-parent', 'image-resolve-mode', 'platform', 'cache-imports', 'filename', 'context', 'source'];

function requestOf({ request, graph }: BuiltFacts, mode: 'min' | 'max') {
  const all = [...request.attributes].filter(([key]) => !key.startsWith('attest:') && !LEFT_OUT.includes(key)).sort();
  const kept = all.filter(([key]) => mode === 'max' || !/^(build-arg|label):/.test(key));
  const args = kept.map(([key, value]) => [key, key.startsWith('context:') ? withoutPassword(value) : value]);
  const mounts = graph.stages
    .flatMap(({ steps }) => steps)
    .flatMap(({ effect }) => (effect.kind === 'run' ? effect.mounts : []));
  const named = (type: 'secret' | 'ssh') => {
    const ids = mounts
      .filter((mount) => mount.type === type)
      .map((mount) => {
        const name = type === 'ssh' ? mount.id || 'default' : secretId(mount);
        return [name, { id: name, ...(!mount.required && { optional: true }) }] as const;
      });
    return [...new Map(ids).values()];
  };
  const [secrets, ssh] = mode === 'max' ? [named('secret'), named('ssh')] : [[], []];
  const isRemote = request.attributes.has('context');
  return {
    isWhole: kept.length === all.length,
    request: {
      frontend: 'dockerfile.v0',
      ...(args.length > 0 && { args: Object.fromEntries(args) }),
      ...(secrets.length > 0 && { secrets }),
      ...(ssh.length > 0 && { ssh }),
      locals: isRemote ? [] : [{ name: 'context' }, { name: 'dockerfile' }],
    },
  };
}
