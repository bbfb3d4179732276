import type { Readable } from 'node:stream';
import type { Progress } from '#api';
import type { Dockerfile } from '#dockerfile';
import { parseDockerfile, readIgnoreFile } from '#dockerfile';
import { internal, invalid, notImplemented } from '#errdefs';
import { familiarString, parseReference, withDefaultTag } from '#oci';
import type { Builder } from '../builder.ts';
import type { BuildInputs } from '../inputs.ts';
import type { RemoteContext } from '../remote/remote-context.ts';
import type { BuildRequest } from '../request.ts';
import { BuildError } from '../result.ts';
import type { ClassicOptions } from './options.ts';
import { requestOf } from './options.ts';
import { fetchRemote } from './remote.ts';
import { stageOf, Transcript } from './transcript.ts';

/** Builds for a client of `POST /build`; lines as the classic builder's, the last one tells a failure. */
export async function* buildClassic(
  builder: Builder,
  body: Readable,
  options: ClassicOptions,
): AsyncGenerator<Progress> {
  if (options.squash) throw invalid('squash is only supported with experimental mode');
  const names = options.tags.filter((tag) => tag !== '').map(nameOf);
  using context = builder.remoteContext();
  const found = await receive(context, { body, options });
  const parsed = parseDockerfile(found.dockerfile);
  assertHas(parsed, options.target);
  const queue = new Lines();
  const transcript = new Transcript(parsed, options, (line) => {
    if (!options.quiet) queue.push(line);
  });
  const inputs = inputsOf(context.folder, found, options);
  const abort = new AbortController();
  const work = builder.build(requestFor(builder, options), inputs, transcript, {
    signal: AbortSignal.any([options.signal, abort.signal]),
    ...(options.buildId && { id: options.buildId }),
  });
  const told = work.then(
    ({ imageId }) => {
      if (imageId) transcript.finish(imageId);
      queue.end();
    },
    () => queue.end(),
  );
  try {
    yield* queue;
  } finally {
    // Who does not read on has left. The context is needed until the build is over.
    abort.abort(new Error('context canceled'));
    await told;
  }
  try {
    const { imageId } = await work;
    yield* options.quiet ? [{ stream: `${imageId}\n` }] : last(imageId!, names);
  } catch (error) {
    yield failureLine(error);
  }
}

/** Docker: where images are named as the cache, no other cache counts; one that is not here is passed over. */
function requestFor(builder: Builder, options: ClassicOptions): BuildRequest {
  const request = requestOf(options);
  const hasNone = options.cacheFrom.length > 0 && !options.cacheFrom.some((name) => builder.hasImage(name));
  return hasNone ? { ...request, noCache: 'all' } : request;
}

function nameOf(tag: string): string {
  try {
    return familiarString(withDefaultTag(parseReference(tag)));
  } catch (error) {
    // Docker: no fault of the client's, here.
    throw internal((error as Error).message, error);
  }
}

/** Docker: a stage is missed before anything is told. */
function assertHas({ stages }: Dockerfile, target: string): void {
  if (target === '' || stageOf(stages, target) >= 0) return;
  throw invalid(`target stage ${JSON.stringify(target)} could not be found`);
}

function* last(id: string, names: readonly string[]): Generator<Progress> {
  yield { aux: { ID: id } };
  yield { stream: `Successfully built ${id.replace('sha256:', '').slice(0, 12)}\n` };
  for (const name of names) yield { stream: `Successfully tagged ${name}\n` };
}

function failureLine(error: unknown): Progress {
  const message = error instanceof Error ? error.message : String(error);
  const exitCode = error instanceof BuildError ? error.exitCode : 0;
  const words = /^process "(.*)" did not complete successfully: exit code: \d+/s.exec(message)?.[1];
  // Docker: the command as it is, in single quotes.
  const text =
    exitCode !== 0 && words !== undefined
      ? `The command '${JSON.parse(`"${words}"`)}' returned a non-zero code: ${exitCode}`
      : message;
  return { errorDetail: { ...(exitCode !== 0 && { code: exitCode }), message: text }, error: text };
}

interface Found {
  readonly dockerfile: Uint8Array;
  readonly dockerfileName: string;
  readonly dockerignore: Uint8Array | undefined;
}

async function receive(
  context: RemoteContext,
  { body, options }: { body: Readable; options: ClassicOptions },
): Promise<Found> {
  const { remote, signal } = options;
  if (remote === 'client-session') throw notImplemented('a build by session needs BuildKit: use docker buildx build');
  if (remote === '') {
    await context.fill(body, { signal });
    return findDockerfile(context, options.dockerfile || 'Dockerfile');
  }
  body.resume();
  const alone = await fetchRemote(context, { remote, signal });
  // Docker: what comes from elsewhere has no rules of ignored files.
  return { ...findDockerfile(context, alone ?? (options.dockerfile || 'Dockerfile')), dockerignore: undefined };
}

/** Looks for it as clients name it; the default one may be written small. */
function findDockerfile(context: RemoteContext, name: string): Found {
  const dockerfile = context.read(name) ?? (name === 'Dockerfile' ? context.read('dockerfile') : undefined);
  if (!dockerfile) throw internal(`Cannot locate specified Dockerfile: ${name}`);
  if (dockerfile.length === 0) throw invalid(`the Dockerfile (${name}) cannot be empty`);
  const dockerignore = context.read(`${name}.dockerignore`) ?? context.read('.dockerignore');
  return { dockerfile, dockerfileName: name, dockerignore };
}

function inputsOf(folder: string, found: Found, { credentials }: ClassicOptions): BuildInputs {
  const nothing = async () => undefined;
  return {
    ...found,
    // The docker CLI keeps them to itself; other clients send all and leave it to the engine.
    context: async () => ({ folder, excludes: excludesOf(found) }),
    contextNamed: nothing,
    secret: nothing,
    hasSsh: async () => false,
    ssh: nothing,
    auth: async (host) => credentials(host),
    output: () => Promise.reject(notImplemented('only images can be made this way')),
  };
}

function excludesOf({ dockerignore }: Found): readonly string[] {
  return dockerignore ? readIgnoreFile(dockerignore) : [];
}

/** Lines on their way, in order. */
class Lines implements AsyncIterable<Progress> {
  readonly #waiting: Progress[] = [];
  #isEnded = false;
  #wake: () => void = () => {};

  push(line: Progress): void {
    this.#waiting.push(line);
    this.#wake();
  }

  end(): void {
    this.#isEnded = true;
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Progress> {
    for (;;) {
      yield* this.#waiting.splice(0);
      if (this.#waiting.length > 0) continue;
      if (this.#isEnded) return;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
