import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import type { Client } from './client.ts';
import { PYTHON, RELEASE, unpack } from './debian.ts';
import { provideModules } from './npm.ts';
import { importRyuk, reaped } from './ryuk.ts';

const PYTHON_DOCKER = [
  'docker',
  'requests',
  'urllib3',
  'websocket',
  'six',
  'idna',
  'certifi',
  'chardet',
  'charset-normalizer',
  'packaging',
];

const GANTRY = resolve(import.meta.dirname, '../../../bin/gantry');

const RYUK = 'clients-ryuk';

function testcontainers(env: Readonly<Record<string, string>>) {
  const root = provideModules(['transcript.mjs', 'testcontainers.mjs']);
  return { file: process.execPath, args: [join(root, 'testcontainers.mjs')], env };
}

const COMPOSE_1 = [
  'dockerpty',
  'docopt',
  'jsonschema',
  'dotenv',
  'texttable',
  'yaml',
  'attr',
  'pyrsistent',
  'distutils',
];

type ComposeScript = 'compose.mjs' | 'compose-builds.mjs';

/** Compose 1.29 of Debian 12. */
function compose1(script: ComposeScript) {
  const packages = ['docker-compose', ...[...PYTHON_DOCKER, ...COMPOSE_1].map((name) => `python3-${name}`)];
  const root = unpack('docker-compose-1', packages);
  const PYTHONPATH = ['dist-packages', '.'].map((name) => join(root, 'usr/lib/python3', name)).join(':');
  const env = { PYTHONPATH, PYTHONDONTWRITEBYTECODE: '1', COMPOSE_MARK: '_' };
  return compose(script, [PYTHON, join(root, 'usr/bin/docker-compose')], env);
}

function compose2(script: ComposeScript) {
  const packaged = 'usr/libexec/docker/cli-plugins/docker-compose';
  const program = COMPOSE_2 ?? join(unpack('docker-compose-2', ['docker-compose']), packaged);
  return compose(script, [program], { COMPOSE_MARK: '-' });
}

function compose(script: ComposeScript, program: readonly string[], env: Readonly<Record<string, string>>) {
  const root = provideModules(['transcript.mjs', script]);
  return {
    file: process.execPath,
    args: [join(root, script)],
    env: { ...env, COMPOSE: JSON.stringify(program) },
  };
}

function dockerPy(script: string) {
  const root = unpack(
    'python3-docker',
    PYTHON_DOCKER.map((name) => `python3-${name}`),
  );
  const env = { PYTHONPATH: join(root, 'usr/lib/python3/dist-packages'), PYTHONDONTWRITEBYTECODE: '1' };
  return { file: PYTHON, args: [join(import.meta.dirname, script)], env };
}

function node(script: string) {
  const root = provideModules(['transcript.mjs', script]);
  return { file: process.execPath, args: [join(root, script)] };
}

/** The path of compose 2, where it is there already. */
const COMPOSE_2 = process.env.GANTRY_COMPOSE_2;

/** The folder of the Buildx plugin, where it is there already. */
const BUILDX = process.env.GANTRY_BUILDX;

/** Debian 12 has compose 1.29 in the package that is compose 2 in Debian 13. */
function lacksRelease(wanted: string, what: string): string | false {
  return RELEASE === wanted ? false : `${what} is a package of Debian ${wanted}, here is ${RELEASE}`;
}

const NO_COMPOSE_2 = COMPOSE_2 === undefined && lacksRelease('trixie', 'compose 2');
const NO_CLI = spawnSync('docker', ['--version']).error ? 'no docker CLI on this host' : false;

/** All clients that are tried. */
export const CLIENTS: readonly Client[] = [
  {
    name: 'dockerode',
    provide: () => node('dockerode.mjs'),
  },
  {
    name: 'polling',
    provide: () => node('polling.mjs'),
  },
  {
    name: 'docker-over-ssh',
    lacks: NO_CLI,
    provide: () => {
      const root = provideModules(['transcript.mjs', 'over-ssh.mjs']);
      return { file: process.execPath, args: [join(root, 'over-ssh.mjs')], env: { DIAL: process.env.DIAL ?? GANTRY } };
    },
  },
  {
    name: 'testcontainers',
    prepare: (socket) => importRyuk(socket, RYUK),
    provide: () => testcontainers({ RYUK_CONTAINER_IMAGE: RYUK, CLIENT_LEAVES: 'yes' }),
    afterwards: async (socket) => ({ step: 'what was left is removed', result: await reaped(socket) }),
  },
  {
    name: 'testcontainers-without-ryuk',
    provide: () => testcontainers({ TESTCONTAINERS_RYUK_DISABLED: 'true' }),
  },
  { name: 'docker-py', provide: () => dockerPy('docker-py.py') },
  { name: 'docker-py-builds', provide: () => dockerPy('docker-py-builds.py') },
  { name: 'dockerode-builds', provide: () => node('dockerode-builds.mjs') },
  { name: 'docker-builds', lacks: NO_CLI, provide: () => node('docker-builds.mjs') },
  { name: 'compose-1', lacks: lacksRelease('bookworm', 'docker-compose 1.29'), provide: () => compose1('compose.mjs') },
  {
    name: 'compose-1-builds',
    lacks: lacksRelease('bookworm', 'docker-compose 1.29'),
    provide: () => compose1('compose-builds.mjs'),
  },
  { name: 'compose-2', lacks: NO_COMPOSE_2, provide: () => compose2('compose.mjs') },
  { name: 'compose-2-builds', lacks: NO_COMPOSE_2, provide: () => compose2('compose-builds.mjs') },
  {
    name: 'buildx',
    lacks: BUILDX === undefined && lacksRelease('trixie', 'buildx'),
    provide: () => {
      const root = provideModules(['transcript.mjs', 'buildx.mjs']);
      const folder = BUILDX ?? join(unpack('docker-buildx', ['docker-buildx']), 'usr/libexec/docker/cli-plugins');
      return { file: process.execPath, args: [join(root, 'buildx.mjs')], env: { BUILDX: folder } };
    },
  },
];
