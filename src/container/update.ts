import type { HostConfig, UpdateConfig } from '#api';
import { deadline } from '#async';
import { conflict, internal } from '#errdefs';
import { failpoint } from '#sys';
import type { Context } from './context.ts';
import type { Resources } from './deps.ts';
import { prefixed } from './kill.ts';
import { mergeResources } from './merge-resources.ts';
import type { Container } from './record.ts';
import { hasProcess } from './record.ts';
import { assertRestartPolicy } from './restart-policy.ts';
import { tell } from './tell.ts';

const APPLY_MS = 30_000;

/** Docker: what is asked for is judged before it is looked whether there is such a container. */
export function checkUpdate(context: Context, config: UpdateConfig) {
  assertRestartPolicy(config.RestartPolicy);
  return context.validateUpdate(config);
}

/** Changes limits and restart policy: at once where there is a process, else from the next start on. */
export async function update(
  context: Context,
  container: Container,
  change: { resources: Resources; policy: HostConfig['RestartPolicy'] },
): Promise<void> {
  try {
    if (container.status === 'removing' || container.status === 'dead') {
      throw conflict('container is marked for removal and cannot be "update"');
    }
    await putInForce(context, container, mergeResources(container.spec.hostConfig, change));
  } catch (error) {
    throw prefixed(error, `Cannot update container ${container.id}: `);
  }
}

/** On record before the first effect: a daemon that dies in between goes on with it at its next start. */
export async function putInForce(context: Context, container: Container, hostConfig: HostConfig): Promise<void> {
  const { store, rows, sandboxes, renderResources } = context;
  const limits = { from: renderResources(container.spec.hostConfig), to: renderResources(hostConfig) };
  if (!hasProcess(container)) {
    // One that was begun after create has the old limits.
    await sandboxes.discard(container.id);
    failpoint('container.update.sandbox-dropped');
  } else if (container.spec.updating || JSON.stringify(limits.from) !== JSON.stringify(limits.to)) {
    store.tx(() => rows.setSpec(container.id, { ...container.spec, updating: hostConfig }));
    failpoint('container.update.intended');
    await apply(context, container, limits);
    failpoint('container.update.applied');
  }
  store.tx(() => {
    const { updating: _done, ...spec } = container.spec;
    rows.setSpec(container.id, { ...spec, hostConfig });
    tell(context, container, 'update');
  });
  failpoint('container.update.recorded');
}

async function apply(
  context: Context,
  container: Container,
  limits: Parameters<Context['runtime']['update']>[1],
): Promise<void> {
  const { store, rows, runtime } = context;
  try {
    await deadline(runtime.update(container.id, limits), APPLY_MS, 'the kernel did not take the limits in time');
  } catch (error) {
    const current = rows.get(container.id);
    // It has ended meanwhile: the limits are those of its next life.
    if (!current || !hasProcess(current)) return;
    store.tx(() => rows.setSpec(container.id, withoutIntent(container)));
    failpoint('container.update.given-up');
    throw internal((error as Error).message, error);
  }
}

function withoutIntent({ spec }: Container): Container['spec'] {
  const { updating: _given, ...rest } = spec;
  return rest;
}
