import type { Step } from '#dockerfile';

/** The stages that a step reads from, besides the one that it works on. */
export function originsOf({ effect }: Step): number[] {
  const origins =
    effect.kind === 'copy' ? [effect.origin] : effect.kind === 'run' ? effect.mounts.map((m) => m.origin) : [];
  return origins.flatMap((origin) => (origin?.kind === 'stage' ? [origin.index] : []));
}
