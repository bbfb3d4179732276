import { join } from 'node:path';
import type { Client } from './client.ts';
import { PYTHON, unpack } from './debian.ts';
import { provideModules } from './npm.ts';

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

/** All clients that are tried. */
export const CLIENTS: readonly Client[] = [
  {
    name: 'dockerode',
    provide: () => {
      const root = provideModules(['transcript.mjs', 'dockerode.mjs']);
      return { file: process.execPath, args: [join(root, 'dockerode.mjs')] };
    },
  },
  {
    name: 'docker-py',
    provide: () => {
      const root = unpack(
        'python3-docker',
        PYTHON_DOCKER.map((name) => `python3-${name}`),
      );
      const env = { PYTHONPATH: join(root, 'usr/lib/python3/dist-packages'), PYTHONDONTWRITEBYTECODE: '1' };
      return { file: PYTHON, args: [join(import.meta.dirname, 'docker-py.py')], env };
    },
  },
];
