import type { BuildInputs } from '../inputs.ts';

/** What a server of repositories is shown: the value of an `Authorization` head. Never in arguments, logs or files. */
export interface GitAccess {
  readonly authorization: string;
}

/** Docker: a client's secrets of these names open private repositories, for one host or for all. */
export async function gitAccess(inputs: Pick<BuildInputs, 'secret'>, remote: string): Promise<GitAccess | undefined> {
  const url = URL.canParse(remote) ? new URL(remote) : undefined;
  if (!url || !/^https?:$/.test(url.protocol)) return undefined;
  for (const suffix of [`.${url.host}`, '']) {
    const token = text(await inputs.secret(`GIT_AUTH_TOKEN${suffix}`));
    if (token) return { authorization: `basic ${Buffer.from(`x-access-token:${token}`).toString('base64')}` };
    const header = text(await inputs.secret(`GIT_AUTH_HEADER${suffix}`));
    if (header) return { authorization: header };
  }
  return undefined;
}

const text = (bytes: Uint8Array | undefined): string => (bytes ? Buffer.from(bytes).toString().trim() : '');
