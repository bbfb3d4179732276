import { readFileSync } from 'node:fs';
import { invalid, notImplemented } from '#errdefs';
import type { Log } from '#log';
import { BasicGate } from './access/basic-gate.ts';
import type { Gate, Visitor } from './access/gate.ts';
import { OPEN_GATE } from './access/gate.ts';
import { Htpasswd } from './access/htpasswd.ts';
import type { Rule } from './access/rights.ts';
import { DEFAULT_RULES, isGranted } from './access/rights.ts';
import { TokenGate } from './access/token-gate.ts';
import { Collector } from './collect.ts';
import type { AuthConfig, RegistryConfig, UpstreamConfig } from './config.ts';
import type { Storage, Upstream } from './deps.ts';
import { RegistryMetrics, serveMetrics } from './metrics.ts';
import { Notifications } from './notifications.ts';
import type { RunningRegistry, StartOptions } from './start.ts';
import { startRegistry } from './start.ts';
import { openStorage } from './storage/open.ts';

/** What the process that runs a registry gives it. */
export interface RunDeps {
  readonly log: Log;
  /** Where content is kept when the configuration names no folder. */
  readonly storage: Storage | string;
  readonly isOwner?: StartOptions['isOwner'];
  readonly sendFile?: StartOptions['sendFile'];
  /** Reaches the registry that is to be stood for. */
  readonly upstream?: (config: UpstreamConfig) => Upstream;
}

/** A registry as its configuration wants it: its doors, who may come in, who is told, when it collects. */
export async function runRegistry(
  config: RegistryConfig,
  { log, storage, isOwner, sendFile, upstream }: RunDeps,
): Promise<RunningRegistry> {
  refuseAbsent(config, upstream !== undefined);
  await using undo = new AsyncDisposableStack();
  if (config.unknown.length > 0) log.warn('settings that mean nothing here', { keys: config.unknown });
  const notifications = undo.use(new Notifications(config.endpoints, log));
  const metrics = new RegistryMetrics();
  if (config.metrics) {
    const { port } = undo.use(await serveMetrics(metrics, config.metrics));
    log.info('serving metrics', { port });
  }
  const tls = config.tls && { cert: readPem(config.tls.certificate), key: readPem(config.tls.key) };
  const running = undo.use(
    await startRegistry({
      storage: openStorage(config, storage),
      host: config.host ?? '::',
      port: config.port,
      settings: config.settings,
      gate: gateOf(config.auth, { rules: config.rules, isSecure: tls !== undefined }),
      tls,
      log,
      upstream: config.upstream && upstream && { source: upstream(config.upstream), ttlMs: config.upstream.ttlMs },
      sendFile,
      // Whoever has another folder's blobs has none of ours.
      isOwner: config.folder || config.s3 ? undefined : isOwner,
      onEvent: (event) => {
        metrics.happened(event);
        notifications.tell(event);
      },
      onServed: (served) => metrics.served(served),
    }),
  );
  const collector = new Collector(running.registry);
  if (config.collectMs > 0 && !config.settings.readOnly) {
    const collect = () => collector.collect().catch((error) => log.error('not collected', { error }));
    const timer = setInterval(collect, config.collectMs).unref();
    undo.defer(() => clearInterval(timer));
  }
  const stack = undo.move();
  const { host, port, address, registry } = running;
  return { host, port, address, registry, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

function refuseAbsent({ upstream, settings: { quota } }: RegistryConfig, hasUpstream: boolean): void {
  if (!upstream) return;
  if (!hasUpstream) throw notImplemented('registry: "proxy" is not implemented here');
  if (quota && (quota.repository > 0 || quota.total > 0)) {
    throw invalid('registry: "quota" means nothing beside "proxy": what is fetched goes by its ttl');
  }
}

interface GateFacts {
  readonly rules: readonly Rule[] | undefined;
  readonly isSecure: boolean;
}

function gateOf(auth: AuthConfig | undefined, { rules, isSecure }: GateFacts): Gate {
  if (!auth) return rules ? anonymousGate(rules) : OPEN_GATE;
  const accounts = new Htpasswd(auth.path);
  const all = rules ?? DEFAULT_RULES;
  if (auth.kind === 'basic') return new BasicGate({ realm: auth.realm ?? 'registry', accounts, rules: all });
  return new TokenGate({ service: auth.service, realm: auth.realm, accounts, rules: all, isSecure });
}

/** Rules without accounts: they say what everybody may. */
function anonymousGate(rules: readonly Rule[]): Gate {
  const may: Visitor['may'] = (repository, action) => isGranted(rules, undefined, { repository, action });
  const visitor = { account: undefined, may };
  return { admit: async () => visitor, challenge: () => 'Basic realm="registry"' };
}

function readPem(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw invalid(`registry: cannot read ${path}: ${(error as Error).message}`, error);
  }
}
