import type { FilesystemChange, PathStat } from '#api';
import type { Body } from './body.ts';
import { containerPath } from './containers.ts';
import type { Response, Transport } from './transport.ts';

const STAT = 'x-docker-container-path-stat';

/** The routes of what lies in the file systems of containers. */
export class Files {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** What stands at a path, a link at its end not followed. */
  async stat(container: string, path: string): Promise<PathStat> {
    const request = { method: 'HEAD', path: `${containerPath(container)}/archive`, query: { path } } as const;
    return statOf(await this.#transport.request(request));
  }

  /** What stands at a path, and an archive of it. */
  async copyOut(container: string, path: string): Promise<{ stat: PathStat; body: Body }> {
    const request = { method: 'GET', path: `${containerPath(container)}/archive`, query: { path } } as const;
    const response = await this.#transport.request(request);
    return { stat: statOf(response), body: response.body };
  }

  /** Unpacks an archive into the directory at a path; nothing there changes from a directory or to one. */
  copyIn(
    container: string,
    stream: AsyncIterable<Uint8Array>,
    { path, copyUIDGID }: { path: string; copyUIDGID: boolean },
  ): Promise<void> {
    const query = { path, noOverwriteDirNonDir: 'true', copyUIDGID: copyUIDGID ? 'true' : undefined };
    return this.#transport.send({ method: 'PUT', path: `${containerPath(container)}/archive`, query, stream });
  }

  async changes(container: string): Promise<FilesystemChange[]> {
    const path = `${containerPath(container)}/changes`;
    return (await this.#transport.json<FilesystemChange[] | null>({ method: 'GET', path })) ?? [];
  }

  async export(container: string): Promise<Body> {
    return (await this.#transport.request({ method: 'GET', path: `${containerPath(container)}/export` })).body;
  }

  /** Makes an image of a container; its id. */
  async commit(query: {
    container: string;
    repo?: string;
    tag?: string;
    comment?: string;
    author?: string;
    changes?: string[];
    pause?: string;
  }): Promise<string> {
    const made = await this.#transport.json<{ Id: string }>({ method: 'POST', path: '/commit', query, json: null });
    return made.Id;
  }
}

function statOf({ headers }: Response): PathStat {
  const header = headers[STAT];
  if (header === undefined) throw new Error('the daemon says nothing of the path');
  return JSON.parse(Buffer.from(header, 'base64').toString()) as PathStat;
}
