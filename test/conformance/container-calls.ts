import type { Call } from './call.ts';

export const NONE = { NetworkMode: 'none' };

/** A create of this container without a network of its own; its id is kept. */
export const make = (name: string, body: object): Call => ({
  method: 'POST',
  path: `/v1.50/containers/create?name=${name}`,
  body: { Image: 'conformance', HostConfig: NONE, ...body },
  keep: { id: 'Id' },
});

/** A verb on a container: `web/start`. */
export const post = (path: string, more: Partial<Call> = {}): Call => ({
  method: 'POST',
  path: `/v1.50/containers/${path}`,
  ...more,
});

/** A create of this command with these settings, which ends at once when it is stopped; its id is kept under its name. */
export const makeWith = (name: string, Cmd: string[], HostConfig: object, more: object = {}): Call => ({
  method: 'POST',
  path: `/v1.50/containers/create?name=${name}`,
  body: {
    Image: 'conformance',
    Cmd,
    StopSignal: 'SIGKILL',
    HostConfig: { ...NONE, ...HostConfig },
    ...more,
  },
  keep: { [name.replaceAll('-', '')]: 'Id' },
});

export const start = (name: string): Call => post(`${name}/start`);

export const drop = (name: string): Call => ({ method: 'DELETE', path: `/v1.50/containers/${name}?force=1` });

const OURS: Readonly<Record<string, string>> = {
  'HostConfig.Runtime': 'crun is the default',
  'HostConfig.PidsLimit': 'limited by default',
  'HostConfig.LogConfig': 'bounded by default',
};

/** The host part of an inspection, in which the engine's own defaults differ. */
export const hostConfigOf = (name: string): Call => ({
  method: 'GET',
  path: `/v1.50/containers/${name}/json`,
  only: ['HostConfig'],
  differs: OURS,
});
