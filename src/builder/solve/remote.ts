import type { Builder, RemoteContext } from '#build';
import { withoutPassword } from '#build';
import { Upload } from '#buildkit';
import type { GitSource } from '#dockerfile';
import { parseGitSource } from '#dockerfile';
import { EngineError } from '#errdefs';
import { RpcError } from '#grpc';
import { asStep } from '../progress/load.ts';
import { readSecret } from '../session/secret.ts';
import type { Places } from './definition.ts';
import { contextName } from './definition.ts';

/** Contexts that are no folders of the client; whoever opens one disposes of it. */
export type RemoteContexts = Pick<Builder, 'remoteContext'>;

/** What a context is called that is one file, which may be the Dockerfile. */
const FILE_NAME = 'context';
const KEEP_GIT = 'build-arg:BUILDKIT_CONTEXT_KEEP_GIT_DIR';
/** Where a client's uploads are, as it says. */
const UPLOADS = /^http:\/\/buildkit-session(\/.*)$/;

/** Fetches the main context, unless it is a folder of the client: a repository, an archive, or one file. */
export async function openMain(contexts: RemoteContexts, places: Places): Promise<RemoteContext | undefined> {
  const address = places.attributes.get(contextName(places)) ?? '';
  const git = parseGitSource(address);
  if (git) {
    const keepGitDir = /^(1|t|true)$/i.test(places.attributes.get(KEEP_GIT) ?? '');
    const name = `[internal] load git source ${withoutPassword(address)}`;
    const failure = 'failed to read dockerfile: failed to load cache key: ';
    return await prefixing(failure, () => checkOut(contexts, places, { git, keepGitDir, name }));
  }
  if (!places.upload && !/^https?:\/\//.test(address)) return undefined;
  return await opening(contexts, async (context) => {
    const step = { name: '[internal] load remote build context', what: FILE_NAME };
    await prefixing('failed to read downloaded context: failed to load cache key: ', () =>
      download(context, places, { address, file: FILE_NAME, step, upload: places.upload }),
    );
    if (!context.isArchive) return;
    await asStep(places.events, { name: `copy /${FILE_NAME} /`, what: FILE_NAME }, () => context.unpack(places));
  });
}

/** Fetches a named context; what is no repository is one file. */
export async function openNamedRemote(
  contexts: RemoteContexts,
  places: Places,
  { name, address }: { readonly name: string; readonly address: string },
): Promise<RemoteContext | undefined> {
  const title = `[context ${name}] ${withoutPassword(address)}`;
  const git = parseGitSource(address);
  // Docker: with what git needs, for a named one.
  if (git) return await checkOut(contexts, places, { git, keepGitDir: true, name: title });
  if (!/^https?:\/\//.test(address)) return undefined;
  const file = new URL(address).pathname.split('/').at(-1) ?? '';
  return await opening(contexts, (context) =>
    download(context, places, { address, file, step: { name: title, what: name } }),
  );
}

interface CheckOut {
  readonly git: GitSource;
  readonly keepGitDir: boolean;
  readonly name: string;
}

function checkOut(contexts: RemoteContexts, places: Places, { git, keepGitDir, name }: CheckOut) {
  const { events, signal } = places;
  const secret = (id: string) => readSecret(places, id);
  return opening(contexts, (context) =>
    asStep(events, { name, what: FILE_NAME }, (digest) => {
      const log = (stream: 'stdout' | 'stderr', chunk: Uint8Array) => events.log(digest, stream, chunk);
      return context.checkOut(git, { keepGitDir, secret }, { signal, log });
    }),
  );
}

interface Download {
  readonly address: string;
  readonly file: string;
  readonly step: { readonly name: string; readonly what: string };
  readonly upload?: Places['upload'];
}

async function download(
  context: RemoteContext,
  places: Places,
  { address, file, step, upload }: Download,
): Promise<void> {
  const { events, signal, session } = places;
  await asStep(events, step, async (digest, meter) => {
    const [, path] = UPLOADS.exec(address) ?? [];
    if (upload) return await context.take(upload, file, { signal });
    if (path === undefined) {
      const started = new Date();
      const status = (id: string, current: number, total: number) =>
        events.status(digest, { id, name: id, current, total, started });
      await context.download(address, file, { signal, status });
      return;
    }
    if (!session.serves(Upload.pull)) throw new RpcError('unavailable', 'the client uploads nothing');
    const metadata = new Map([
      ['urlpath', [path]],
      ['urlhost', ['buildkit-session']],
    ]);
    const call = session.open(Upload.pull, { metadata, signal });
    call.end();
    meter(() => call.received);
    await context.take(contents(call.responses()), file, { signal });
  });
}

async function* contents(messages: AsyncIterable<{ readonly data: Uint8Array }>): AsyncGenerator<Uint8Array> {
  for await (const { data } of messages) yield data;
}

/** What was begun and failed is taken away. */
async function opening(
  contexts: RemoteContexts,
  fill: (context: RemoteContext) => Promise<void>,
): Promise<RemoteContext> {
  const context = contexts.remoteContext();
  try {
    await fill(context);
    return context;
  } catch (error) {
    context[Symbol.dispose]();
    throw error;
  }
}

/** BuildKit's words for where a failure came up. */
async function prefixing<T>(words: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    throw new RpcError('unknown', words + error.message);
  }
}
