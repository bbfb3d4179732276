import type { FlagType } from './flags.ts';

type FlagTable = Readonly<Record<string, FlagType>>;

const NONE: FlagTable = {};

/** The flags of every instruction. Docker: those of ARG and STOPSIGNAL are not looked at. */
export const FLAGS = {
  FROM: { platform: 'string' },
  RUN: { mount: 'strings', network: 'string', security: 'string', device: 'strings' },
  COPY: {
    from: 'string',
    chown: 'string',
    chmod: 'string',
    link: 'bool',
    parents: 'bool',
    exclude: 'strings',
  },
  ADD: {
    chown: 'string',
    chmod: 'string',
    link: 'bool',
    'keep-git-dir': 'bool',
    checksum: 'string',
    unpack: 'bool',
    exclude: 'strings',
  },
  HEALTHCHECK: {
    interval: 'string',
    timeout: 'string',
    'start-period': 'string',
    'start-interval': 'string',
    retries: 'string',
  },
  ARG: NONE,
  CMD: NONE,
  ENTRYPOINT: NONE,
  ENV: NONE,
  EXPOSE: NONE,
  LABEL: NONE,
  MAINTAINER: NONE,
  ONBUILD: NONE,
  SHELL: NONE,
  STOPSIGNAL: NONE,
  USER: NONE,
  VOLUME: NONE,
  WORKDIR: NONE,
} as const satisfies Readonly<Record<string, FlagTable>>;
