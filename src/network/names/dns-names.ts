import type { SandboxRequest } from '../reserve.ts';

const SHORT_ID = 12;

/** The names under which a container is known in a network of the user's own, in Docker's order. */
export function dnsNames(
  { name, containerId, hostname }: Pick<SandboxRequest, 'name' | 'containerId' | 'hostname'>,
  aliases: readonly string[] | null | undefined,
): string[] {
  const all = [name.replace(/^\//, ''), ...(aliases ?? []), containerId.slice(0, SHORT_ID), hostname];
  return [...new Set(all.filter((one) => one !== ''))];
}
