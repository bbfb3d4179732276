import type { WhyFinding } from '#api';
import type { Facts } from './facts.ts';
import { finding } from './finding.ts';

type Clue = readonly [pattern: RegExp, tell: (match: RegExpExecArray, facts: Facts) => WhyFinding];

/** What the error of a start says, by its words; the first that fits holds. */
const CLUES: readonly Clue[] = [
  [/no space left on device|disk quota exceeded/i, (_, facts) => diskFull(facts)],
  [/exec: "(.*?)": executable file not found in \$PATH/, ([, program]) => notFound(`${program} is not in its PATH`)],
  [/exec: "(.*?)": stat (.*?): no such file or directory/, ([, program]) => notFound(`there is no ${program}`)],
  [/exec: "(.*?)": .*permission denied/, ([, program]) => notExecutable(`${program} may not be executed`)],
  [
    /exec: "(.*?)": exec format error/,
    ([, program]) => notExecutable(`${program} is not for this processor, or has no #! line`),
  ],
  [/exec format error/, () => notExecutable('its command is not for this processor')],
  [/chdir to cwd \("(.*?)"\)/, ([, path]) => missingFolder(path!)],
  [/unable to find (?:user|group) ([^:]+)/, ([, name]) => missingUser(name!)],
  [/custom device "(.*?)": (.*)/, ([, path, reason]) => missingDevice(path!, reason!)],
  [/port is already allocated|address already in use|failed to bind host port/, (_, facts) => portTaken(facts)],
  [/bind source path does not exist: (.*)/, ([, path]) => mountFailed(`the host has no ${path}`)],
  [
    /mount source path '(.*?)': mkdir .*?: (.*)/,
    ([, path, reason]) => mountFailed(`${path} cannot be made on the host: ${reason}`),
  ],
  [
    /error mounting "(.*?)" to rootfs at "(.*?)".*: ([^:]*)/,
    ([, source, target, reason]) => mountFailed(`${source} cannot be mounted at ${target}: ${reason}`),
  ],
  [/(?:cannot join|failed to join) .*/, ([words]) => peerDown(words)],
];

/** Why the last start failed; undefined when it did not. */
export function startClue(facts: Facts): WhyFinding | undefined {
  const { error } = facts.container;
  if (error === '') return undefined;
  for (const [pattern, tell] of CLUES) {
    const match = pattern.exec(error);
    if (match) return { ...tell(match, facts), Evidence: [error] };
  }
  return finding('start-failed', 'it does not start', { evidence: [error] });
}

/** The file system that holds the containers has no room. */
export function diskFull({ disk }: Pick<Facts, 'disk'>): WhyFinding {
  const room = `${disk.path} has ${Math.floor(disk.free / 1024)} KiB free of ${Math.floor(disk.size / 1024)}`;
  return finding('disk-full', `the disk is full: ${room}`, {
    evidence: [room],
    remedy: 'make room: image prune, container prune and volume prune remove what is not used',
  });
}

const notFound = (words: string) =>
  finding('command-not-found', `its command does not exist in the image: ${words}`, {
    remedy: 'correct the command or --entrypoint',
  });
const notExecutable = (words: string) =>
  finding('command-not-executable', `its command cannot be executed: ${words}`, {
    remedy: 'chmod +x it in the image, or take an image for this platform',
  });
const missingFolder = (path: string) =>
  finding('missing-folder', `its working directory ${path} cannot be entered`, { remedy: 'correct --workdir' });
const missingUser = (name: string) =>
  finding('missing-user', `the image does not know the user or group ${name}`, { remedy: 'correct --user' });
const missingDevice = (path: string, reason: string) =>
  finding('missing-device', `the device ${path} cannot be given to it: ${reason}`, {
    remedy: 'load the driver that makes it, or correct --device',
  });
const mountFailed = (words: string) =>
  finding('mount-failed', `a mount failed: ${words}`, { remedy: 'correct the mount' });
const peerDown = (words: string) =>
  finding('peer-down', `it shares with a container that does not run: ${words}`, { remedy: 'start that one first' });

function portTaken({ ports }: Facts): WhyFinding {
  const held = ports.filter(({ holder }) => holder !== undefined);
  if (held.length === 0) {
    return finding('port-taken', 'a port of the host was taken when it was to start; it is free now', {
      remedy: 'start it again',
    });
  }
  const words = held.map(({ protocol, hostPort, holder }) => `${hostPort}/${protocol} is held by ${holder}`);
  return finding('port-taken', `a port of the host is taken: ${words.join(', ')}`, {
    remedy: 'stop the holder, or publish another port',
  });
}
