import type { BuildEvents, Exporter, RemoteContext } from '#build';
import { DockerfileError, ignoreFileNames } from '#dockerfile';
import { RpcError } from '#grpc';
import type { Log } from '#log';
import { receiveSmall } from '../files/memory.ts';
import { asStep } from '../progress/load.ts';
import type { Session } from '../session/session.ts';
import { refusalOf } from './failure.ts';

/** A Dockerfile and its rules of ignored files, as the client has them. */
export interface BuildDefinition {
  readonly name: string;
  readonly dockerfile: Uint8Array;
  readonly dockerignore: Uint8Array | undefined;
}

/** Where the parts of a build come from in a session. */
export interface Places {
  readonly session: Session;
  readonly events: BuildEvents;
  readonly signal: AbortSignal;
  readonly attributes: ReadonlyMap<string, string>;
  readonly exporters: readonly Exporter[];
  /** A folder of ours for what must wait on disk. */
  readonly spool: string;
  readonly log: Pick<Log, 'warn'>;
  /** The main context, where it came with the call itself. */
  readonly upload?: AsyncIterable<Uint8Array> | undefined;
}

export const contextName = ({ attributes }: Places): string => attributes.get('contextkey') ?? 'context';
const dockerfileKey = ({ attributes }: Places): string => attributes.get('dockerfilekey') ?? 'dockerfile';

/** Fetches the Dockerfile and what belongs to it; `remote`: the main context, where it is no folder of the client. */
export async function loadDefinition(places: Places, remote?: RemoteContext): Promise<BuildDefinition> {
  const isClients = places.attributes.has('dockerfilekey');
  if (remote && !isClients) return definitionIn(remote, places);
  const name = nameOf(places);
  const { besideDockerfile } = ignoreFileNames(name);
  const other = smallName(name);
  const followPaths = [...new Set([name, besideDockerfile, ...(name === 'Dockerfile' ? [other] : [])])];
  const files = await fetchSmall(places, {
    step: { name: `[internal] load build definition from ${name.split('/').at(-1)}`, what: 'dockerfile' },
    folder: dockerfileKey(places),
    followPaths,
  });
  const dockerfile = files.get(bytePath(name)) ?? files.get(bytePath(other));
  if (!dockerfile) throw noDockerfile(name);
  if (remote) return { name, dockerfile, dockerignore: undefined };
  const own = files.get(bytePath(besideDockerfile));
  return { name, dockerfile, dockerignore: own ?? (await fetchIgnore(places, contextName(places), LOAD_IGNORE)) };
}

const LOAD_IGNORE = '[internal] load .dockerignore';

const nameOf = ({ attributes }: Places): string => attributes.get('filename') || 'Dockerfile';
/** Docker: a lower-case name will do, where the usual one is not there. */
const smallName = (name: string): string => name.replace(/Dockerfile$/, 'dockerfile');
// Docker: what is not there is an unknown error here.
const noDockerfile = (name: string) =>
  new RpcError('unknown', `failed to read dockerfile: open ${name}: no such file or directory`);

/** Docker: a context from elsewhere has no rules of ignored files; one that is a single file is the Dockerfile. */
function definitionIn(remote: RemoteContext, places: Places): BuildDefinition {
  const name = remote.file ?? nameOf(places);
  const dockerfile = remote.read(name) ?? remote.read(smallName(name));
  if (!dockerfile) throw noDockerfile(name);
  return { name, dockerfile, dockerignore: undefined };
}

/** The rules of ignored files of a folder of the client. */
export async function fetchIgnore(places: Places, folder: string, name: string): Promise<Buffer | undefined> {
  const { inContext } = ignoreFileNames('Dockerfile');
  const step = { name, what: 'context' };
  const files = await fetchSmall(places, { step, folder, followPaths: [inContext] });
  return files.get(inContext);
}

interface Small {
  readonly step: { readonly name: string; readonly what: string };
  readonly folder: string;
  readonly followPaths: readonly string[];
}

async function fetchSmall({ session, events, signal }: Places, { step, folder, followPaths }: Small) {
  return await asStep(events, step, async (_digest, meter) => {
    const transfer = session.openFolder({ name: folder, followPaths }, signal);
    meter(transfer.received);
    return await receiveSmall(transfer.exchange);
  });
}

const bytePath = (path: string): string => Buffer.from(path.replace(/^\.?\//, '')).toString('latin1');

/** Runs a piece of work; what is wrong with the Dockerfile is shown in it. */
export async function blaming<T>({ name, dockerfile }: BuildDefinition, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof DockerfileError) throw refusalOf(error, { filename: name, data: dockerfile });
    throw error;
  }
}
