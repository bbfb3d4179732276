import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

/**
 * Who may import whom (types too). Modules stand in top-down order reversed: a module may only name modules above it in
 * this table. A new edge is its own commit, with its reason.
 */
export const EDGES: Readonly<Record<string, readonly string[]>> = {
  // words: pure values and codecs
  errdefs: [],
  async: [],
  schema: ['errdefs'],
  api: ['schema', 'errdefs'],
  oci: ['schema', 'errdefs'],
  tar: ['errdefs'],
  template: [],
  dockerfile: ['oci', 'template', 'errdefs'],
  protobuf: ['errdefs'],
  // they know connections that others opened, and open none
  grpc: ['protobuf'],
  buildkit: ['protobuf', 'grpc', 'errdefs'],
  // ground: one kind of I/O each
  log: [],
  sys: ['errdefs'],
  store: ['errdefs', 'sys'],
  // resources
  plugin: ['errdefs', 'async', 'log'],
  logging: ['api', 'template', 'errdefs', 'async', 'log', 'store', 'sys'],
  events: ['api', 'store'],
  content: ['oci', 'errdefs', 'async', 'log', 'store', 'sys'],
  snapshot: ['oci', 'tar', 'dockerfile', 'errdefs', 'async', 'log', 'store', 'sys'],
  distribution: ['api', 'oci', 'errdefs', 'async', 'log', 'sys', 'content'],
  image: [
    'api',
    'oci',
    'tar',
    'template',
    'dockerfile',
    'errdefs',
    'async',
    'log',
    'store',
    'sys',
    'events',
    'content',
    'snapshot',
    'distribution',
  ],
  volume: ['api', 'errdefs', 'async', 'log', 'store', 'sys', 'events'],
  network: ['api', 'errdefs', 'async', 'log', 'store', 'sys', 'events'],
  runtime: ['api', 'oci', 'schema', 'errdefs', 'async', 'log', 'sys'],
  // engines
  container: [
    'api',
    'oci',
    'errdefs',
    'async',
    'log',
    'store',
    'sys',
    'events',
    'snapshot',
    'image',
    'volume',
    'network',
    'runtime',
    'plugin',
    'logging',
  ],
  build: [
    ...['api', 'oci', 'dockerfile', 'errdefs', 'async', 'log', 'store', 'sys', 'events', 'content', 'snapshot'],
    ...['image', 'network', 'runtime'],
  ],
  // front doors
  server: ['api', 'schema', 'errdefs', 'log'],
  registry: ['oci', 'errdefs', 'async', 'log', 'sys'],
  builder: [
    'api',
    'protobuf',
    'grpc',
    'buildkit',
    'dockerfile',
    'oci',
    'errdefs',
    'async',
    'log',
    'sys',
    'tar',
    'build',
  ],
  // the process
  daemon: [
    ...[
      'schema',
      'api',
      'oci',
      'errdefs',
      'async',
      'log',
      'sys',
      'store',
      'events',
      'content',
      'snapshot',
      'distribution',
      'image',
    ],
    ...['volume', 'network', 'runtime', 'plugin', 'logging', 'container', 'build', 'server', 'registry', 'builder'],
  ],
  // the other side of the socket
  client: ['api', 'errdefs', 'protobuf', 'grpc', 'buildkit', 'dockerfile'],
  cli: ['api', 'errdefs', 'tar', 'template', 'protobuf', 'grpc', 'buildkit', 'client'],
};

/** Packages that only one module may import, and why it alone. */
const ONLY: Readonly<Record<string, string>> = {
  koffi: 'sys',
  'node:sqlite': 'store',
  'dns-packet': 'network',
  'smol-toml': 'distribution',
  aws4fetch: 'registry',
  pino: 'log',
};

const SPECIFIER =
  /(?:^|\n)\s*(?:import|export)\b[^'";]*?from\s*'([^']+)'|\bimport\(\s*'([^']+)'\s*\)|(?:^|\n)import\s+'([^']+)'/g;

/** One forbidden import. */
export interface Violation {
  readonly file: string;
  readonly specifier: string;
  readonly reason: string;
}

/** The specifiers that a source text imports or re-exports, types included. */
export function specifiers(text: string): string[] {
  return [...text.matchAll(SPECIFIER)].map((m) => (m[1] ?? m[2] ?? m[3])!);
}

/** Judges one import of the file `src/<module>/…`. */
export function judge(file: string, specifier: string): string | undefined {
  const module = file.split('/')[1]!;
  const allowed = EDGES[module];
  if (!allowed) return `the module "${module}" is not in the table of tools/layers.ts`;
  if (specifier.startsWith('#')) {
    const [target] = specifier.slice(1).split('/');
    if (target === module) return 'a file inside a module imports files, not its own door';
    return allowed.includes(target!) ? undefined : `no edge ${module} → ${target}`;
  }
  if (specifier.startsWith('.')) {
    const target = normalize(join(dirname(file), specifier));
    return target.startsWith(`src/${module}/`) ? undefined : 'another module is reached by its #door';
  }
  const only = ONLY[specifier];
  return only && only !== module ? `only ${only} imports ${specifier}` : undefined;
}

/** Every forbidden import below src/. */
export function violations(root = '.'): Violation[] {
  return globSync('src/**/*.ts', { cwd: root }).flatMap((file) => {
    const found = specifiers(readFileSync(join(root, file), 'utf8'));
    const isTest = file.endsWith('.test.ts');
    return found.flatMap((specifier) => {
      const reason = judge(file, specifier);
      return reason && !(isTest && reason.startsWith('no edge')) ? [{ file, specifier, reason }] : [];
    });
  });
}

if (import.meta.main) {
  const found = violations();
  for (const { file, specifier, reason } of found) console.error(`${file}: '${specifier}': ${reason}`);
  process.exitCode = found.length > 0 ? 1 : 0;
}
