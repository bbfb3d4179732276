import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** Files of a commit by path. */
export type Files = Readonly<Record<string, string>>;

/** A server of files and of git repositories: `/<name>.git` smart, `/dumb/<name>.git` as plain files. */
export class Sources implements AsyncDisposable {
  readonly files = new Map<string, Buffer | string>();
  /** What repositories ask for, if anything. */
  authorization = '';
  readonly #folder: string;
  readonly #server: Server;

  private constructor(folder: string, server: Server) {
    this.#folder = folder;
    this.#server = server;
  }

  static async open(): Promise<Sources> {
    const folder = mkdtempSync(join(tmpdir(), 'gantry-sources-'));
    const server = createServer((request, response) => sources.#answer(request, response));
    const sources = new Sources(folder, server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return sources;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The folder of the bare repositories. */
  get repositories(): string {
    return this.#folder;
  }

  /** Makes a repository: each branch a commit of its own; the first is the default. The commits by branch. */
  repository(name: string, branches: Readonly<Record<string, Files>>): Record<string, string> {
    const work = join(this.#folder, `${name}-work`);
    const bare = join(this.#folder, `${name}.git`);
    mkdirSync(work);
    const [first] = Object.keys(branches);
    git(work, 'init', '-q', '-b', first!);
    const commits: Record<string, string> = {};
    for (const [branch, files] of Object.entries(branches)) {
      if (branch !== first) git(work, 'checkout', '-q', '-b', branch);
      for (const [path, text] of Object.entries(files)) {
        mkdirSync(dirname(join(work, path)), { recursive: true });
        writeFileSync(join(work, path), text);
      }
      git(work, 'add', '-A');
      git(work, 'commit', '-q', '-m', branch);
      commits[branch] = git(work, 'rev-parse', 'HEAD').trim();
    }
    git(work, 'checkout', '-q', first!);
    git(this.#folder, 'clone', '-q', '--bare', work, bare);
    git(bare, 'update-server-info');
    return commits;
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { pathname, search } = new URL(request.url!, this.url);
    const file = this.files.get(pathname);
    if (file !== undefined) response.end(file);
    else if (!/\.git\//.test(pathname)) response.writeHead(404).end('nothing here');
    else if (this.authorization !== '' && request.headers.authorization !== this.authorization) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
    } else this.#serveGit(request, response, { pathname, query: search.slice(1) });
  }

  #serveGit(request: IncomingMessage, response: ServerResponse, at: { pathname: string; query: string }): void {
    const isDumb = at.pathname.startsWith('/dumb/');
    const env = {
      ...{ PATH: process.env.PATH, GIT_PROJECT_ROOT: this.#folder, GIT_HTTP_EXPORT_ALL: '1' },
      ...{ PATH_INFO: at.pathname.replace(/^\/dumb/, ''), QUERY_STRING: isDumb ? '' : at.query },
      ...{ REQUEST_METHOD: request.method, CONTENT_TYPE: request.headers['content-type'] ?? '' },
      GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
      HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
    };
    const child = spawn('git', ['http-backend'], { env, stdio: ['pipe', 'pipe', 'inherit'] });
    child.stdin.on('error', () => {});
    request.pipe(child.stdin);
    let head = Buffer.alloc(0);
    child.stdout.on('data', (chunk: Buffer) => {
      if (response.headersSent) return void response.write(chunk);
      head = Buffer.concat([head, chunk]);
      const end = head.indexOf('\r\n\r\n');
      if (end < 0) return;
      const lines = head.subarray(0, end).toString().split('\r\n');
      const heads = lines.map((line) => line.split(/: (.*)/).slice(0, 2) as [string, string]);
      const status = heads.find(([name]) => name === 'Status')?.[1];
      response.writeHead(status ? Number.parseInt(status, 10) : 200, Object.fromEntries(heads));
      response.write(head.subarray(end + 4));
    });
    child.stdout.on('end', () => response.end());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    rmSync(this.#folder, { recursive: true });
  }
}

function git(folder: string, ...words: string[]): string {
  const who = ['-c', 'user.name=a', '-c', 'user.email=a@b', '-c', 'init.defaultBranch=main'];
  return execFileSync('git', ['-C', folder, ...who, ...words], { encoding: 'utf8' });
}
