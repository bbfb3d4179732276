import { notFound } from '#errdefs';
import type { Descriptor, Platform } from '#oci';
import { formatPlatform, normalisePlatform } from '#oci';

/** Variants of arm, the best first. */
const ARM = ['v8', 'v7', 'v6', 'v5'];

/** What runs on a platform, the best first: containerd's order. */
function runnable(platform: Platform): Platform[] {
  const wanted = normalisePlatform(platform);
  const { os, architecture, variant } = wanted;
  const arms = (from: string): Platform[] =>
    ARM.slice(Math.max(0, ARM.indexOf(from))).map((one) => ({ os, architecture: 'arm', variant: one }));
  if (architecture === 'arm') return arms(variant ?? 'v7');
  if (architecture === 'arm64') {
    const plain = { os, architecture };
    return [...(variant ? [wanted] : []), plain, ...arms('v8')];
  }
  if (architecture === 'amd64') {
    const level = Number(/^v([2-9])$/.exec(variant ?? '')?.[1] ?? 1);
    const levels = Array.from({ length: level - 1 }, (_, i) => ({ os, architecture, variant: `v${level - i}` }));
    return [...levels, { os, architecture }, { os, architecture: '386' }];
  }
  return [wanted];
}

function rank(found: Platform, order: readonly Platform[]): number {
  const { os, architecture, variant: given } = normalisePlatform(found);
  const isPlain = (architecture === 'amd64' && given === 'v1') || (architecture === 'arm64' && given === 'v8');
  const variant = architecture === 'arm' ? (given ?? 'v7') : isPlain ? undefined : given;
  return order.findIndex((one) => one.os === os && one.architecture === architecture && one.variant === variant);
}

/** Docker shows a variant that goes without saying. */
function shown(platform: Platform): string {
  const { os, architecture, variant } = normalisePlatform(platform);
  const implied = architecture === 'arm64' ? 'v8' : architecture === 'arm' ? 'v7' : undefined;
  return formatPlatform({ os, architecture, ...((variant ?? implied) && { variant: variant ?? implied! }) });
}

/** The best manifest of an index for a platform; one that names no platform fits any. */
export function chooseManifest(manifests: readonly Descriptor[], platform: Platform): Descriptor {
  const order = runnable(platform);
  const ranked = manifests
    .map((descriptor) => ({ descriptor, at: descriptor.platform ? rank(descriptor.platform, order) : order.length }))
    .filter(({ at }) => at >= 0)
    .sort((a, b) => a.at - b.at);
  const best = ranked[0]?.descriptor;
  if (best) return best;
  throw notFound(`no matching manifest for ${shown(platform)} in the manifest list entries`);
}
