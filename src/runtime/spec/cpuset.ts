/** Above this no list is expanded, unless the host has more (CVE-2018-20699). */
const MAX_CPUS = 8192;

/** A list as `0,3-4` as numbers. Throws a plain Error with Docker's words. */
export function parseList(text: string, maximum = Number.MAX_SAFE_INTEGER): Set<number> {
  const numbers = new Set<number>();
  if (text === '') return numbers;
  for (const part of text.split(',')) {
    const match = /^([+-]?\d+)$|^(\d+)-([+]?\d+)$/.exec(part);
    const first = Number(match?.[1] ?? match?.[2]);
    const last = Number(match?.[1] ?? match?.[3]);
    if (!match || last < first) throw new Error(`invalid format: ${text}`);
    if (last > maximum) throw new Error(`value of out range, maximum is ${maximum}`);
    for (let number = first; number <= last; number++) numbers.add(number);
  }
  return numbers;
}

/** Whether all that is requested is among what is available. */
export function isAvailable(requested: string, available: string): boolean {
  const have = parseList(available);
  const wanted = parseList(requested, Math.max(MAX_CPUS, ...have));
  return [...wanted].every((number) => have.has(number));
}
