import type { Builder, BuildResult, CacheEntry } from '#build';
import type { SolveRequest } from '#buildkit';
import { detectSyntax, isOwnSyntax } from '#dockerfile';
import { forbidden, notImplemented } from '#errdefs';
import type { Log } from '#log';
import type { Message } from '#protobuf';
import type { ContextFolders } from '../files/folders.ts';
import { Session } from '../session/session.ts';
import type { Sessions } from '../session/sessions.ts';
import { requestOf } from './attributes.ts';
import type { Places } from './definition.ts';
import { blaming, loadDefinition } from './definition.ts';
import { withFailedStep } from './failure.ts';
import { SessionInputs } from './inputs.ts';
import type { FrontendRequest, Job } from './job.ts';
import type { Jobs } from './jobs.ts';
import { linkedResults, NO_GRAPHS } from './linked.ts';
import { openMain } from './remote.ts';

export interface SolveDeps {
  readonly builder: Pick<Builder, 'build' | 'remoteContext' | 'forgetFailed'>;
  readonly log: Pick<Log, 'warn'>;
  readonly sessions: Sessions;
  readonly folders: ContextFolders;
  readonly jobs: Jobs;
}

type Request = Message<typeof SolveRequest>;

/** Runs a build to its end, when it is known what is to be built; undefined: nothing is. */
export async function solve(
  deps: SolveDeps,
  job: Job,
  { request, upload }: { readonly request: Request; readonly upload?: AsyncIterable<Uint8Array> | undefined },
): Promise<BuildResult | undefined> {
  refuseGraphs(request);
  const asked =
    request.frontend === ''
      ? await job.returned.promise
      : { frontend: request.frontend, attributes: request.frontendAttrs, inputs: request.frontendInputs };
  if (!asked) return undefined;
  refuseOtherFrontends(asked);
  const { attributes } = asked;
  job.attributes = attributes;
  const isAlone = request.session === '' && upload !== undefined;
  const session = isAlone ? Session.withNothing() : await deps.sessions.get(request.session);
  const build = requestOf(attributes, {
    exporters: exportersOf(request),
    cacheFrom: (request.cache?.imports ?? []).map(({ type, attrs }) => ({ type, attributes: attrs })),
    cacheTo: exportsOf(request),
    entitlements: granted(request.entitlements),
  });
  const { exporters } = build;
  const about = { session, events: job.report, signal: job.signal, attributes };
  const places: Places = { ...about, exporters, spool: deps.folders.spool, log: deps.log, upload };
  using main = await openMain(deps.builder, places);
  const definition = await loadDefinition(places, main);
  refuseOtherSyntax(definition.dockerfile);
  const { builder: remotes, folders } = deps;
  const linked = await linkedResults(deps.jobs, asked, job.signal);
  await using inputs = new SessionInputs(places, { definition, main, folders, remotes, linked });
  try {
    return await blaming(definition, () =>
      deps.builder.build(build, inputs, job.report, { signal: job.signal, id: job.ref }),
    );
  } catch (error) {
    throw inputs.failed ? withFailedStep(error, inputs.failed) : error;
  }
}

/** Old clients have one exporter, in fields of its own. */
export function exportersOf({ exporters, exporter, exporterAttrs }: Request) {
  return exporters.length > 0 || exporter === '' ? exporters : [{ type: exporter, attrs: exporterAttrs }];
}

function refuseGraphs({ definition }: Request): void {
  if ((definition?.def.length ?? 0) > 0) throw notImplemented(NO_GRAPHS);
}

export function refuseOtherFrontends({ frontend, attributes }: FrontendRequest): void {
  if (frontend === 'dockerfile.v0') return;
  const source = attributes.get('source') ?? '';
  // Docker's own frontend is built in.
  if (frontend === 'gateway.v0' && isOwnSyntax(source)) return;
  throw notImplemented(`frontend ${JSON.stringify(source || frontend)} is not supported yet: only Dockerfiles are`);
}

/** `# syntax=docker/dockerfile:1` and its like are built in; others are programs that would have to run. */
function refuseOtherSyntax(dockerfile: Uint8Array): void {
  const syntax = detectSyntax(Buffer.from(dockerfile).toString());
  if (syntax === undefined || isOwnSyntax(syntax)) return;
  throw notImplemented(`frontend ${JSON.stringify(syntax)} is not supported yet: only Dockerfiles are`);
}

/** What a client may ask for its build beyond the ordinary. */
function granted(entitlements: readonly string[]): string[] {
  const asked = entitlements.filter((each) => each !== '');
  const other = asked.find((each) => each !== 'network.host');
  if (other === undefined) return asked;
  throw forbidden(`granting entitlement ${other} is not allowed by build daemon configuration`);
}

/** Old clients name one export, in fields of its own. */
function exportsOf({ cache }: Request): CacheEntry[] {
  const { exports = [], exportRef = '', exportAttrs = new Map() } = cache ?? {};
  const old = { type: 'registry', attrs: new Map([...exportAttrs, ['ref', exportRef]]) };
  const all = exports.length > 0 || exportRef === '' ? exports : [old];
  return all.map(({ type, attrs }) => ({ type, attributes: attrs }));
}
