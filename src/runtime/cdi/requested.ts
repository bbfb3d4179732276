import type { DeviceRequest } from '#api';
import { internal } from '#errdefs';
import type { ContainerEdits } from './edits.ts';
import { joinEdits } from './edits.ts';
import type { CdiRegistry } from './registry.ts';

const GPU = 'nvidia.com/gpu';

/**
 * What a container's device requests change in it. `read` gives the devices there are, undefined when CDI is switched off.
 * A request for GPUs is served by the CDI devices of their vendor. Throws Docker's texts.
 */
export function requestedEdits(
  requests: readonly DeviceRequest[],
  read: () => CdiRegistry | undefined,
): ContainerEdits {
  const registry = read();
  const names = requests.flatMap((request) => namesOf(request, registry));
  const unknown = names.filter((name) => !registry?.devices.has(name));
  if (unknown.length > 0) throw internal(`CDI device injection failed: unresolvable CDI devices ${unknown.join(', ')}`);
  const found = [...new Set(names)].map((name) => registry!.devices.get(name)!);
  const specs = [...new Set(found.map(({ spec }) => spec))];
  return [...specs.map(({ containerEdits }) => containerEdits), ...found.map(({ edits }) => edits)].reduce(
    joinEdits,
    {},
  );
}

function namesOf(request: DeviceRequest, registry: CdiRegistry | undefined): string[] {
  const { Driver, Count, DeviceIDs, Capabilities, Options } = request;
  if (Driver !== 'cdi' || !registry) {
    if (registry && isForGpus(request, registry)) return gpuNames(request);
    const capabilities = (Capabilities ?? []).map((all) => `[${all?.join(' ') ?? ''}]`).join(' ');
    throw internal(`could not select device driver ${JSON.stringify(Driver)} with capabilities: [${capabilities}]`);
  }
  if (Count !== 0) throw internal('unexpected count in CDI device request');
  if (Object.keys(Options ?? {}).length > 0) throw internal('unexpected options in CDI device request');
  return DeviceIDs ?? [];
}

function isForGpus({ Driver, Capabilities }: DeviceRequest, { devices }: CdiRegistry): boolean {
  const wantsGpu = (Capabilities ?? []).some((all) => all?.includes('gpu'));
  return (
    (Driver === '' || Driver === 'nvidia') && wantsGpu && devices.keys().some((name) => name.startsWith(`${GPU}=`))
  );
}

function gpuNames({ Count, DeviceIDs }: DeviceRequest): string[] {
  if (Count !== 0 && DeviceIDs?.length) throw internal('cannot set both Count and DeviceIDs on device request');
  if (DeviceIDs?.length) return DeviceIDs.map((id) => `${GPU}=${id}`);
  return Count < 0 ? [`${GPU}=all`] : Array.from({ length: Count }, (_, n) => `${GPU}=${n}`);
}
