import { writeFileSync } from 'node:fs';
import type { SessionOffers } from '#client';
import type { Command, CommandInput } from '../command.ts';
import type { FlagValues } from '../flags/flag-values.ts';
import { pushName } from '../image/push-name.ts';
import { findCredentials, HUB } from '../registry/credentials.ts';
import type { Session } from '../session.ts';
import { StatusError } from '../status-error.ts';
import { secrets, sshAgents } from './attachments.ts';
import type { BuildContext } from './build-context.ts';
import { namedContexts, openContext } from './build-context.ts';
import { buildFlags } from './build-flags.ts';
import type { Caches } from './caches.ts';
import { readCaches } from './caches.ts';
import { examine } from './examine.ts';
import type { Outputs } from './outputs.ts';
import { readOutputs } from './outputs.ts';
import { showBuild } from './show-build.ts';
import { solveAttributes } from './solve-attributes.ts';

/** Builds an image of a Dockerfile, over the builder's own protocol. */
export const command: Command = {
  usage: '[OPTIONS] PATH | URL | -',
  operands: { least: 1, most: 1 },
  flags: buildFlags,
  run,
};

async function run(session: Session, { flags, operands }: CommandInput): Promise<number> {
  const outputs = readOutputs(flags);
  const attributes = solveAttributes(flags, session.env);
  const call = flags.bool('check') ? 'check' : flags.text('call');
  const asksOnly = call !== 'build';
  if (asksOnly) attributes['requestid'] = `frontend.${call === 'check' ? 'lint' : call}`;
  if (flags.bool('debug-on-error')) {
    const readsStdin = operands[0] === '-' || flags.text('file') === '-';
    if (readsStdin) throw new Error('--debug-on-error: standard input is for the shell');
    attributes['gantry:keep-failed'] = '1';
  }
  using context = await openContext(operands[0]!, flags.text('file'));
  const caches = readCaches(flags);
  const places = { folders: context.folders, stores: caches.stores };
  Object.assign(attributes, context.attributes, namedContexts(flags.list('build-context'), places));
  for (const warning of caches.warnings) session.err(`WARNING: ${warning}\n`);
  using interrupted = onInterrupt();
  using building = await session.client.builds.solve({
    attributes: new Map(Object.entries(attributes)),
    exporters: asksOnly ? [] : outputs.exporters,
    cacheFrom: caches.from,
    cacheTo: caches.to,
    entitlements: [...flags.list('allow'), ...(attributes['force-network-mode'] === 'host' ? ['network.host'] : [])],
    offers: offersOf(session, flags, { context, outputs, caches }),
    asksOnly,
    outlivesFailure: flags.bool('debug-on-error'),
    signal: interrupted.signal,
  });
  const look = (image: string) => examine(session, flags, image);
  const response = await showBuild(session, flags, building, look);
  caches.finish(response);
  if (!asksOnly) {
    for (const name of outputs.pushed) await pushName(session, name, flags.bool('quiet'));
    return finish(session, flags, response);
  }
  session.out(response.get('result.txt') ?? '');
  return Number(response.get('result.statuscode') || 0);
}

function onInterrupt(): Disposable & { readonly signal: AbortSignal } {
  const ended = new AbortController();
  const reason = 'ERROR: failed to build: failed to solve: Canceled: context canceled';
  const stop = () => ended.abort(new StatusError(reason, 130));
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  const forget = () => {
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
  };
  return { signal: ended.signal, [Symbol.dispose]: forget };
}

interface Offered {
  readonly context: BuildContext;
  readonly outputs: Outputs;
  readonly caches: Caches;
}

function offersOf(session: Session, flags: FlagValues, { context, outputs, caches }: Offered): SessionOffers {
  const { target } = outputs;
  return {
    ...{ folders: context.folders, uploads: context.uploads, stores: caches.stores },
    secrets: secrets(flags.list('secret'), session.env),
    agents: sshAgents(flags.list('ssh'), session.env),
    outputs: new Map(target ? [[0, target]] : []),
    credentials: (host) => {
      const known = findCredentials(session, host === 'registry-1.docker.io' ? HUB : host);
      // Docker: an identity token stands in place of a password without a user.
      if (known?.identitytoken) return { username: '', secret: known.identitytoken };
      return known && { username: known.username ?? '', secret: known.password ?? '' };
    },
  };
}

function finish(session: Session, flags: FlagValues, response: ReadonlyMap<string, string>): number {
  const id = response.get('containerimage.config.digest') ?? response.get('containerimage.digest') ?? '';
  const file = flags.text('iidfile');
  if (file !== '' && id !== '') writeFileSync(file, id);
  const metadata = flags.text('metadata-file');
  if (metadata !== '') {
    writeFileSync(metadata, JSON.stringify(Object.fromEntries([...response].map(readable)), null, 2));
  }
  if (flags.bool('quiet') && id !== '') session.out(`${id}\n`);
  return 0;
}

/** Docker: values that are JSON in base64 (descriptors, provenance) are written as what they are. */
function readable([key, value]: [string, string]): [string, unknown] {
  if (!/^(containerimage\.descriptor|buildx\.build\.provenance)/.test(key)) return [key, value];
  try {
    return [key, JSON.parse(Buffer.from(value, 'base64').toString())];
  } catch {
    return [key, value];
  }
}
