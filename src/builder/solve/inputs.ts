import type { Duplex, Writable } from 'node:stream';
import type {
  BlobStore,
  Builder,
  BuildInputs,
  ContextFolder,
  ContextNeed,
  Credentials,
  FailedStep,
  OtherResult,
  RemoteContext,
} from '#build';
import { Auth, Ssh } from '#buildkit';
import { readIgnoreFile } from '#dockerfile';
import { byteStream, RpcError } from '#grpc';
import type { ContextFolders, OpenedFolder } from '../files/folders.ts';
import { asStep } from '../progress/load.ts';
import { clientStore } from '../session/client-store.ts';
import { absentWhenNotFound, readSecret } from '../session/secret.ts';
import type { BuildDefinition, Places } from './definition.ts';
import { contextName, fetchIgnore } from './definition.ts';
import { openOutput } from './output.ts';
import type { RemoteContexts } from './remote.ts';
import { openNamedRemote } from './remote.ts';

/** Of Gantry's own client: the files of a step that fails are looked into. */
const KEEP_FAILED = 'gantry:keep-failed';

/** What a build of a session is made of. */
export interface InputParts {
  readonly definition: BuildDefinition;
  /** The main context, where it is no folder of the client; its owner disposes of it. */
  readonly main: RemoteContext | undefined;
  readonly folders: ContextFolders;
  /** Results of other builds by the names that this one has for them. */
  readonly linked: ReadonlyMap<string, OtherResult>;
  readonly remotes: RemoteContexts & Pick<Builder, 'forgetFailed'>;
}

/** Gives a build what its client has, over the client's session. Disposing it gives the folders back. */
export class SessionInputs implements BuildInputs, AsyncDisposable {
  readonly #places: Places;
  readonly #definition: BuildDefinition;
  readonly #folders: ContextFolders;
  readonly #opened: OpenedFolder[] = [];
  readonly #fetched: RemoteContext[] = [];
  readonly #remotes: InputParts['remotes'];
  /** What was kept of the step that failed first: it goes with the session. */
  failed: FailedStep | undefined;
  readonly onFailed?: (failed: FailedStep) => void;
  readonly #main: RemoteContext | undefined;
  readonly #linked: ReadonlyMap<string, OtherResult>;

  constructor(places: Places, { definition, main, folders, remotes, linked }: InputParts) {
    this.#linked = linked;
    this.#places = places;
    this.#definition = definition;
    this.#folders = folders;
    this.#remotes = remotes;
    this.#main = main;
    if (places.attributes.get(KEEP_FAILED) === '1') this.onFailed = (failed) => this.#keep(failed);
  }

  get dockerfile(): Uint8Array {
    return this.#definition.dockerfile;
  }

  get dockerfileName(): string {
    return this.#definition.name;
  }

  get dockerignore(): Uint8Array | undefined {
    return this.#definition.dockerignore;
  }

  async context(need: ContextNeed): Promise<ContextFolder> {
    if (this.#main) return { folder: this.#main.folder, excludes: [], hasOwners: true };
    const { dockerignore } = this.#definition;
    const excludes = dockerignore ? readIgnoreFile(dockerignore) : [];
    const step = { name: '[internal] load build context', what: 'context' };
    return await this.#fetch(contextName(this.#places), step, { need, excludes });
  }

  async contextNamed(name: string, need: ContextNeed): Promise<ContextFolder | undefined> {
    const value = this.#places.attributes.get(`context:${name}`);
    if (value === undefined) return undefined;
    if (!value.startsWith('local:')) return await this.#fetchNamed(name, value);
    const folder = value.slice('local:'.length);
    const ignore = await fetchIgnore(this.#places, folder, `[context ${name}] load .dockerignore`);
    const step = { name: `[context ${name}] load from client`, what: `${name}` };
    return await this.#fetch(folder, step, { need, excludes: ignore ? readIgnoreFile(ignore) : [] });
  }

  async secret(id: string): Promise<Uint8Array | undefined> {
    return await readSecret(this.#places, id);
  }

  async ssh(id: string): Promise<Duplex | undefined> {
    const { session, signal } = this.#places;
    if (!session.serves(Ssh.forwardAgent)) return undefined;
    try {
      await session.ask(Ssh.checkAgent, { id }, signal);
    } catch (error) {
      if (error instanceof RpcError && error.code !== 'unavailable' && error.code !== 'cancelled') return undefined;
      throw error;
    }
    const call = session.open(Ssh.forwardAgent, { signal, metadata: new Map([['buildkit.ssh.id', [id]]]) });
    return byteStream({
      incoming: call.responses(),
      send: (message) => call.send(message),
      end: () => call.end(),
      cancel: () => call.cancel(),
    });
  }

  async auth(host: string): Promise<Credentials | undefined> {
    const { session, signal } = this.#places;
    if (!session.serves(Auth.credentials)) return undefined;
    const given = await absentWhenNotFound(session.ask(Auth.credentials, { host }, signal));
    if (!given || given.secret === '') return undefined;
    const { username, secret } = given;
    // Docker: without a name, or with this one, the secret is an identity token.
    const isToken = username === '' || username === '<token>';
    return isToken ? { username: '', password: '', identityToken: secret } : { username, password: secret };
  }

  async output(exporter: number, metadata: ReadonlyMap<string, string>): Promise<Writable> {
    const { session, signal } = this.#places;
    const isFolder = this.#places.exporters[exporter]?.type === 'local';
    return openOutput(session, { exporter, isFolder, metadata, signal, spool: this.#places.spool });
  }

  async result(name: string): Promise<OtherResult | undefined> {
    return this.#linked.get(name);
  }

  store(id: string): BlobStore | undefined {
    return clientStore(this.#places.session, id);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const remote of this.#fetched.splice(0)) remote[Symbol.dispose]();
    await Promise.all(this.#opened.splice(0).map((folder) => folder[Symbol.asyncDispose]()));
  }

  #keep(failed: FailedStep): void {
    this.failed ??= failed;
    const { session, log } = this.#places;
    const forget = () => this.#remotes.forgetFailed(failed);
    session.closed.then(forget, forget).catch((error) => log.warn('a failed step is kept', { error, ...failed }));
  }

  async #fetchNamed(name: string, address: string): Promise<ContextFolder | undefined> {
    const remote = await openNamedRemote(this.#remotes, this.#places, { name, address });
    if (!remote) return undefined;
    this.#fetched.push(remote);
    return { folder: remote.folder, excludes: [], hasOwners: true };
  }

  async #fetch(
    name: string,
    step: { name: string; what: string },
    { need, excludes }: { need: ContextNeed; excludes: readonly string[] },
  ): Promise<ContextFolder> {
    const { session, events, signal, attributes } = this.#places;
    return await asStep(events, step, async (_digest, meter) => {
      const followPaths = need.paths?.map((path) => path.replace(/^\/+/, '')) ?? [];
      const transfer = session.openFolder({ name, excludes, followPaths }, signal);
      meter(transfer.received);
      const key = attributes.get(`sharedkey:localdir:${name}`) ?? session.facts.sharedKey;
      const opened = await this.#folders.open(`${key}\0${name}`, transfer.exchange);
      this.#opened.push(opened);
      return {
        folder: opened.path,
        excludes: [],
        files: opened.files,
        ...(key === '' ? {} : { key: `${key}:${name}` }),
      };
    });
  }
}
