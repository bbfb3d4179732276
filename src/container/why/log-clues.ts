import type { WhyFinding } from '#api';
import type { ContainerMount } from '../record.ts';
import type { Facts } from './facts.ts';
import { finding } from './finding.ts';
import { diskFull } from './start-clues.ts';

type Clue = readonly [pattern: RegExp, tell: (match: RegExpExecArray, facts: Facts) => WhyFinding | undefined];

const LIBRARY =
  /error while loading shared libraries: ([^\s:]+)|Error loading shared library ([^\s:]+): No such file|library not found: ([^\s:]+)/i;

/** What programs complain of, by their usual words. */
const CLUES: readonly Clue[] = [
  [LIBRARY, ([, ...names]) => missingLibrary(names.find(Boolean)!)],
  [/No space left on device|Disk quota exceeded/i, ({ input }, facts) => noRoom(input, facts)],
  [/Read-only file system/i, ({ input }, facts) => readOnly(input, facts)],
  [/(\/dev\/[^\s:'"]+).*(?:No such (?:file|device)|not found|cannot open)/i, ([, path]) => missingDevice(path!)],
  [/(?:No such (?:file|device)|cannot open|can't open).*?(\/dev\/[^\s:'"]+)/i, ([, path]) => missingDevice(path!)],
  [/Operation not permitted|Function not implemented/i, ({ input }, facts) => notPermitted(input, facts)],
];

/** What the last lines of the last life tell, each kind once, the newest line first. */
export function logClues(facts: Facts): WhyFinding[] {
  const found = new Map<string, WhyFinding>();
  for (const line of facts.log.toReversed()) {
    for (const [pattern, tell] of CLUES) {
      const match = pattern.exec(line);
      const clue = match ? tell(match, facts) : undefined;
      if (clue && !found.has(clue.Code)) found.set(clue.Code, { ...clue, Evidence: [line] });
    }
  }
  return [...found.values()];
}

const missingLibrary = (name: string) =>
  finding('missing-library', `its program needs the library ${name}, which the image does not have`, {
    remedy: 'install the library in the image, or link the program statically',
  });

const missingDevice = (path: string) =>
  finding('missing-device', `the device ${path} is not in the container`, { remedy: `give it with --device ${path}` });

/** A path that a complaint names, as programs put it: quoted, or before a colon. */
function pathIn(line: string): string | undefined {
  return (/['"‘`](\/[^'"’`]+)['"’`]/.exec(line) ?? /(\/[^\s:'"]+)/.exec(line))?.[1];
}

function mountOf(path: string | undefined, mounts: readonly ContainerMount[]): ContainerMount | undefined {
  const above = mounts.filter(({ destination }) => path === destination || path?.startsWith(`${destination}/`));
  return above.sort((a, b) => b.destination.length - a.destination.length)[0];
}

function noRoom(line: string, facts: Facts): WhyFinding {
  const path = pathIn(line);
  const mount = mountOf(path, facts.container.mounts);
  const tmpfs = Object.entries(facts.container.spec.hostConfig.Tmpfs ?? {}).find(
    ([target]) => path === target || path?.startsWith(`${target}/`),
  );
  if (mount?.type === 'tmpfs' || tmpfs) {
    const [target, options] = tmpfs ?? [mount!.destination, ''];
    return finding('disk-full', `its tmpfs at ${target} is full${options ? ` (${options})` : ''}`, {
      remedy: 'give it more: --tmpfs …:size=',
    });
  }
  return diskFull(facts);
}

function readOnly(line: string, { container }: Facts): WhyFinding {
  const path = pathIn(line);
  const mount = mountOf(path, container.mounts);
  const what = path ?? 'a path';
  if (mount && !mount.rw) {
    return finding('read-only', `it writes to ${what}, and the mount at ${mount.destination} is read-only`, {
      remedy: 'mount it without ro',
    });
  }
  const because = container.spec.hostConfig.ReadonlyRootfs
    ? 'its root file system is read-only (--read-only)'
    : 'that is read-only in containers';
  return finding('read-only', `it writes to ${what}, and ${because}`, {
    remedy: 'give it a volume or a tmpfs there',
  });
}

/** System calls that need more than a container usually may, by the names that programs complain with. */
function notPermitted(line: string, { denies }: Facts): WhyFinding {
  const call = [...line.matchAll(/[a-z_][a-z0-9_]{2,}/g)].map(([word]) => word).find(denies);
  if (call !== undefined) {
    return finding('seccomp', `its seccomp profile denies the system call ${call}`, {
      remedy: 'give it the capability that allows the call, or a profile with --security-opt seccomp=',
    });
  }
  return finding('not-permitted', 'the kernel refused it something: a capability it lacks, or seccomp', {
    remedy: 'compare --cap-add and --security-opt with what the program needs',
  });
}
