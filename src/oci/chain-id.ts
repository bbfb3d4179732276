import type { Digest } from './digest.ts';
import { digestOf } from './digest.ts';

/**
 * The chain ids of a stack of layers, base first: each names a layer together with everything below it
 * (OCI image spec, "Layer ChainID").
 */
export function chainIds(diffIds: readonly Digest[]): Digest[] {
  const chain: Digest[] = [];
  for (const diffId of diffIds) {
    const parent = chain.at(-1);
    chain.push(parent ? digestOf(`${parent} ${diffId}`) : diffId);
  }
  return chain;
}
