import type { Flag } from '../command.ts';
import { globalFlags } from '../help.ts';
import type { Entry } from '../table.ts';
import { groups, table } from '../table.ts';

/** What may be typed, and what is said of it. */
export interface Word {
  word: string;
  about: string;
}

/** A place in the command line: `''` at the top, `container run` below. */
export interface Place {
  path: string;
  commands: Word[];
  flags: (Word & { takesValue: boolean })[];
  /** What its operands name, when that can be listed. */
  operands: OperandKind | undefined;
}

export type OperandKind = 'containers' | 'running' | 'images' | 'volumes' | 'networks' | 'contexts';

/** The command that lists the names of each kind. */
export const listings: Record<OperandKind, string> = {
  containers: "ps -a --format '{{.Names}}'",
  running: "ps --format '{{.Names}}'",
  images: "images --format '{{.Repository}}:{{.Tag}}'",
  volumes: 'volume ls -q',
  networks: "network ls --format '{{.Name}}'",
  contexts: 'context ls -q',
};

const running = ['attach', 'exec', 'kill', 'pause', 'port', 'stats', 'stop', 'top', 'unpause'];

function operandsOf({ group, name }: Entry, usage: string): OperandKind | undefined {
  if (group === 'context')
    return /CONTEXT/.test(usage) && name !== 'create' && name !== 'import' ? 'contexts' : undefined;
  if (/\bCONTAINER\b/.test(usage)) return running.includes(name) ? 'running' : 'containers';
  if (/\b(IMAGE|SOURCE_IMAGE)\b/.test(usage)) return 'images';
  if (/\bVOLUME\b/.test(usage) && name !== 'create') return 'volumes';
  return /\bNETWORK\b/.test(usage) && name !== 'create' ? 'networks' : undefined;
}

/** Every place of the command line, out of the command table. Loads all commands. */
export async function completionTree(home: string): Promise<Place[]> {
  const shown = table.filter((entry) => !entry.hidden);
  const top = shown.filter((entry) => entry.top).map((entry) => ({ word: entry.top!, about: entry.short }));
  const managing = Object.entries(groups).map(([word, about]) => ({ word, about }));
  const root: Place = {
    path: '',
    commands: byWord([...top, ...managing]),
    flags: flagWords(globalFlags(home)),
    operands: undefined,
  };
  const inGroups = Object.keys(groups).map((group) => ({
    path: group,
    commands: byWord(
      shown.filter((entry) => entry.group === group).map(({ name, short }) => ({ word: name, about: short })),
    ),
    flags: [],
    operands: undefined,
  }));
  const leaves = await Promise.all(shown.map(placesOf));
  return [root, ...inGroups, ...leaves.flat()];
}

async function placesOf(entry: Entry): Promise<Place[]> {
  const { command } = await entry.load();
  const place = { commands: [], flags: flagWords(command.flags), operands: operandsOf(entry, command.usage) };
  const inGroup = entry.group ? [entry.name, ...(entry.aliases ?? [])].map((name) => `${entry.group} ${name}`) : [];
  return [...inGroup, ...(entry.top ? [entry.top] : [])].map((path) => ({ path, ...place }));
}

function flagWords(flags: readonly Flag[]): Place['flags'] {
  return flags
    .filter(({ hidden, alias }) => !hidden && !alias)
    .flatMap(({ name, short, usage, kind }) => {
      const about = usage.split('\n')[0]!;
      const words = short ? [`--${name}`, `-${short}`] : [`--${name}`];
      return words.map((word) => ({ word, about, takesValue: kind !== 'bool' }));
    });
}

const byWord = (words: Word[]) => words.sort((a, b) => (a.word < b.word ? -1 : 1));

/** The same place with nothing said of its words. */
export const withoutAbout = (place: Place): Place => ({
  ...place,
  commands: place.commands.map(({ word }) => ({ word, about: '' })),
  flags: place.flags.map((flag) => ({ ...flag, about: '' })),
});
