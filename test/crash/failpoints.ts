import { globSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '../..');

/** What stands for `${…}` in the names of failpoints that several verbs share. */
const VARIANTS: Readonly<Record<string, readonly string[]>> = {
  verb: ['stop', 'restart'],
  'action.do': [
    'undo-create',
    'undo-start',
    'adopt',
    'record-exit',
    'finish-stop',
    'finish-restart',
    'finish-remove',
    'finish-update',
    'finish-commit',
    'schedule-restart',
    'start',
    'watch',
    'end-operation',
    'discard',
  ],
};

/** Failpoints that no life of a container passes on a host that runs these tests, each with the reason. */
export const UNREACHED: Readonly<Record<string, string>> = {
  'container.recover.end-operation': 'every verb ends its operation in the transaction that ends its process',
  'runtime.update.properties-set': 'only where systemd holds the cgroups of v2; test/vm',
  'snapshot.layer.measured': 'only where an archive has a name twice: test/integration/image/fsck.test.ts',
  'network.forwarding6.on': 'as network.forwarding.on',
  'container.start.port-given-up':
    'somebody must take a port at the right moment: test/integration/container/ports.test.ts',
  'runtime.apparmor.loaded': 'only where the kernel has AppArmor; test/vm',
  'content.adopt.renamed': 'only where a registry serves the content store; test/integration/registry/engine.test.ts',
  'registry.blob.linked': 'only in a registry; test/integration/registry/crash.test.ts',
  'registry.upload.unlinked': 'only in a registry; test/integration/registry/crash.test.ts',
  'registry.blob.removed': 'only in a registry; test/integration/registry/crash.test.ts',
  'registry.name.renamed': 'only in a registry; test/integration/registry/crash.test.ts',
  'registry.name.removed': 'only in a registry; test/integration/registry/crash.test.ts',
  'registry.upload.begun': 'only in a registry; test/integration/registry/crash.test.ts',
  'registry.s3.blob.put': 'only in a registry; test/integration/registry/crash.test.ts',
  'registry.s3.blob.removed': 'only where a registry over a bucket collects; one that is gone is passed over',
  'registry.s3.name.put': 'only in a registry; test/integration/registry/crash.test.ts',
  'registry.s3.name.removed': 'only in a registry; test/integration/registry/crash.test.ts',
  'registry.upload.discarded': 'only in a registry; test/integration/registry/crash.test.ts',
  'builder.sync.folder': 'needs a client that serves its files; test/integration/cli/sync-crash.test.ts',
  'builder.sync.forgotten': 'needs a client that serves its files; test/integration/cli/sync-crash.test.ts',
  'builder.sync.indexed': 'needs a client that serves its files; test/integration/cli/sync-crash.test.ts',
  'builder.sync.written': 'needs a client that serves its files; test/integration/cli/sync-crash.test.ts',
  'build.remote.fetched': 'needs a server of contexts; test/integration/build/remote.test.ts',
  'build.remote.unpacked': 'needs a server of contexts; test/integration/build/remote.test.ts',
  'build.failed.marked': 'needs the gantry CLI; test/integration/cli/examine.test.ts',
  'build.failed.kept': 'needs the gantry CLI; test/integration/cli/examine.test.ts',
  'build.failed.forgotten': 'needs the gantry CLI; test/integration/cli/examine.test.ts',
  'network.forwarding.on': 'the host forwards already; test/integration/network passes it in a namespace of its own',
};

/** The names of all failpoints in the sources. */
export function failpoints(): string[] {
  const names = globSync('src/**/*.ts', { cwd: ROOT })
    .filter((file) => !file.endsWith('.test.ts'))
    .flatMap((file) =>
      [...readFileSync(`${ROOT}/${file}`, 'utf8').matchAll(/\bfailpoint\(['`]([^'`]+)['`]\)/g)].map((m) => m[1]!),
    );
  return [...new Set(names.flatMap(expand))].sort();
}

function expand(name: string): string[] {
  const variable = /\$\{([^}]+)\}/.exec(name);
  if (!variable) return [name];
  const values = VARIANTS[variable[1]!];
  if (!values) throw new Error(`no values are known for the failpoint ${name}`);
  return values.map((value) => name.replace(variable[0], value));
}
