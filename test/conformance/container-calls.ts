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
