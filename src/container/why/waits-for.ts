import type { Context } from '../context.ts';
import type { Container, Verb } from '../record.ts';
import { hasProcess } from '../record.ts';

const UNDER_WAY: Readonly<Record<Verb, string>> = {
  create: 'its creation is under way: volumes are being filled from the image',
  start: 'its start is under way',
  stop: 'its stop is under way: its program was asked to end and has not done so yet',
  restart: 'its restart is under way',
  remove: 'its removal is under way',
  await: 'it waits for another container',
  replace: 'it is being replaced',
  commit: 'an image is being made of it, and it is paused meanwhile',
};

/** What a container waits for now, in words. */
export function waitsFor(context: Context, container: Container): string[] {
  const { operation, health, status, spec } = container;
  return [
    ...(operation ? [UNDER_WAY[operation.verb]] : []),
    ...(status === 'restarting' ? ['its next restart, by its policy'] : []),
    ...(hasProcess(container) && health?.Status === 'starting' ? ['its first healthcheck that succeeds'] : []),
    ...[spec.hostConfig.NetworkMode, spec.hostConfig.PidMode, spec.hostConfig.IpcMode]
      .filter((mode) => mode.startsWith('container:'))
      .flatMap((mode) => peerThatIsDown(context, mode.slice('container:'.length))),
  ];
}

/** A container whose namespace it shares has to run. */
function peerThatIsDown({ rows }: Context, reference: string): string[] {
  try {
    const peer = rows.get(rows.resolve(reference))!;
    return hasProcess(peer) ? [] : [`container ${peer.name} to run, whose namespace it shares; it is ${peer.status}`];
  } catch {
    return [`container ${reference}, whose namespace it shares; there is none of that name`];
  }
}
