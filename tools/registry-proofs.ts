import { existsSync, readFileSync } from 'node:fs';

const SERVER = 'test/integration/registry';
const CLIENT = 'test/integration/image';
const WIRE = 'src/distribution';

type Feature = readonly [what: string, file: string, test: string];

/** What a registry client does, with the test that shows it: its name, or its beginning where it is one of several. */
const CLIENT_FEATURES: readonly Feature[] = [
  [
    'pull: indexes, platforms, gzip, zstd and plain layers, progress',
    `${CLIENT}/pull`,
    'an image of an index, with layers packed in each way',
  ],
  ['pull of all tags', `${CLIENT}/pull`, 'a repository is pulled with all its tags'],
  ['layers shared between pulls on their way', `${CLIENT}/pull`, 'pulls share a layer on its way'],
  [
    'resumed downloads, also after a restart',
    `${CLIENT}/pull`,
    'a pull that everybody left stops, and goes on where it was',
  ],
  [
    'password and token authentication, `docker login`',
    `${CLIENT}/pull`,
    'credentials open a registry, by password and by token',
  ],
  ['damaged blobs healed by a pull', `${CLIENT}/pull`, 'a blob that was damaged is healed by the next pull'],
  ['push: mounts, parallel layers, progress', `${CLIENT}/push`, 'a loaded image: packed once'],
  ['push of manifests and indexes byte for byte', `${CLIENT}/push`, 'manifests and indexes are pushed as they came'],
  ['registries that lie', `${CLIENT}/lies`, 'a registry sends '],
  ['mirrors and rewritten names (`hosts.toml`)', `${WIRE}/places`, 'mirrors are asked in their order'],
  [
    'private authorities and client certificates (`certs.d`)',
    `${WIRE}/places`,
    'a client certificate is shown to a registry that asks for it',
  ],
  ['HTTP proxies', `${WIRE}/places`, 'a proxy carries what is not on this machine'],
  [
    '429 with Retry-After',
    `${WIRE}/distribution`,
    'a registry that is busy is asked again after the time that it names',
  ],
  ['credentials only for whom they are meant', `${WIRE}/distribution`, 'a realm on another host gets nothing'],
];

const SERVER_FEATURES: readonly Feature[] = [
  ['pull and push of blobs: whole, chunked, streamed, out of order', `${SERVER}/conformance`, 'a blob by its '],
  ['SHA-512 digests, tags beside a digest (`?tag=`)', `${SERVER}/conformance`, 'manifests of every shape, by '],
  ['mounts, with and without `from`', `${SERVER}/conformance`, 'mounts of a blob by its '],
  [
    'range and conditional requests',
    `${SERVER}/distribution`,
    'a blob: pushed whole, read whole, in part and on condition',
  ],
  [
    'upload status, resumed after a restart',
    `${SERVER}/distribution`,
    'a blob in chunks, its status, and chunks out of order',
  ],
  ['tag list and catalog in pages', `${SERVER}/distribution`, 'lists come in pages, each with the link to the next'],
  ['deletion of tags, manifests, blobs', `${SERVER}/distribution`, 'deleting a tag keeps the manifest'],
  ['referrers: filters, tag fall-back, `OCI-Subject`', `${SERVER}/conformance`, 'referrers of a subject by its '],
  [
    'OCI and Docker media types',
    `${SERVER}/distribution`,
    'an index of manifests that are here, in the types of OCI and Docker',
  ],
  ['htpasswd', `${SERVER}/access`, 'passwords with each request'],
  [
    'token service, rights of each repository, anonymous pull, TLS',
    `${SERVER}/clients`,
    'TLS, tokens and rights of each repository',
  ],
  ['skopeo', `${SERVER}/clients`, 'TLS and tokens with skopeo'],
  [
    'cosign: signatures by tags and by referrers',
    `${SERVER}/artifacts`,
    'cosign: a signature under the tag of its subject',
  ],
  ['helm charts', `${SERVER}/artifacts`, 'helm: a chart pushed, listed, pulled'],
  ["crane's and oras' requests", `${SERVER}/artifacts`, 'crane: copies between repositories by mounts'],
  ['read-only mode', `${SERVER}/clients`, 'a registry that may only be read'],
  ['quotas', `${SERVER}/quota`, 'a repository that is full takes no more'],
  ['pull-through cache with expiry', `${SERVER}/cache`, 'what is pulled through is fetched once'],
  [
    'garbage collection while others push',
    `${SERVER}/collect`,
    'while many push and delete, nothing that is referred to is ever collected',
  ],
  ['webhook notifications, Prometheus metrics', `${SERVER}/clients`, 'who is told of pushes and pulls'],
  ['access log', `${SERVER}/clients`, 'TLS, tokens and rights of each repository'],
  ['`docker search`', `${SERVER}/distribution`, 'search finds repositories by parts of their names'],
  [
    "storage: the engine's content store, without copies",
    `${SERVER}/engine`,
    'an image of this engine is pushed to its own registry without a copy',
  ],
  ["storage: a folder, shared with Docker's registry", `${SERVER}/volume`, 'one volume serves our registry'],
  ['storage: S3', `${SERVER}/s3`, 'a bucket holds what is pushed'],
  ['as a container, `registry:2`', `${SERVER}/image`, 'docker run registry:2, a push to localhost'],
  ['killed at any point', `${SERVER}/crash`, 'killed at '],
  ['clients that lie or stall', `${SERVER}/bad-clients`, 'a sender that drips is dropped'],
];

/** The lines of the page, and what names a test that is not there. */
export function registryLines(): { lines: string[]; complaints: string[] } {
  const all = [...CLIENT_FEATURES, ...SERVER_FEATURES];
  const complaints = all
    .filter((feature) => !isThere(feature))
    .map(([what, file, test]) => `${what}: no test "${test}" in ${file}`);
  const row = ([what, file, test]: Feature) =>
    `| ${what} | [${test.trim().replaceAll('|', '\\|')}${isWhole(file, test) ? '' : ' …'}](../${file}.test.ts) |`;
  const lines = [
    ...['## Registries', ''],
    "The distribution specification's own conformance suite passes in full; its checks are those of",
    ...['[conformance.test.ts](../test/integration/registry/conformance.test.ts), on both algorithms of digests.', ''],
    ...['| Client | Test |', '|---|---|', ...CLIENT_FEATURES.map(row), ''],
    ...['| Server | Test |', '|---|---|', ...SERVER_FEATURES.map(row), ''],
  ];
  return { lines, complaints };
}

function textOf(file: string): string {
  const path = `${file}.test.ts`;
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

/** Tests are named by quotes of any kind. */
const isThere = ([, file, test]: Feature) =>
  ["'", '"', '`'].some((quote) => textOf(file).includes(`test(${quote}${test}`));

const isWhole = (file: string, test: string) =>
  ["'", '"'].some((quote) => textOf(file).includes(`test(${quote}${test}${quote}`));
