import { internal } from '#errdefs';
import type { OciRlimit } from '#oci';

interface Ulimit {
  readonly Name: string;
  readonly Soft: number;
  readonly Hard: number;
}

const NAMES = new Set(
  'AS CORE CPU DATA FSIZE LOCKS MEMLOCK MSGQUEUE NICE NOFILE NPROC RSS RTPRIO RTTIME SIGPENDING STACK'.split(' '),
);

/** The user's limits, then those of the engine's settings that the user did not name. −1 is unlimited. */
export function containerRlimits(asked: readonly Ulimit[], defaults: readonly Ulimit[]): OciRlimit[] {
  const all = [...asked, ...defaults.filter((limit) => !asked.some((other) => other.Name === limit.Name))];
  return all.map(({ Name, Soft, Hard }) => {
    if (!NAMES.has(Name.toUpperCase())) throw internal(`wrong rlimit value: RLIMIT_${Name.toUpperCase()}`);
    return { type: `RLIMIT_${Name.toUpperCase()}`, soft: unsigned(Soft), hard: unsigned(Hard) };
  });
}

/** The kernel's "unlimited" does not fit into a number: raw JSON keeps its digits. */
function unsigned(value: number): number | object {
  return value < 0 ? raw.rawJSON(String(BigInt.asUintN(64, BigInt(value)))) : value;
}

const raw = JSON as unknown as { rawJSON(text: string): object };
