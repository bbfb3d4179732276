import type { OutlineCapture } from '../dispatch/outline-capture.ts';
import type { Lines } from '../location.ts';
import type { BuildPlan } from '../plan/build-plan.ts';
import { reachableFrom } from '../plan/stage-node.ts';
import type { LocationDocument } from './documents.ts';
import { columns, locationDocument } from './documents.ts';

/** The answer to `--call=outline`, under BuildKit's names. */
export interface OutlineDocument {
  readonly name?: string;
  readonly description?: string;
  readonly args?: readonly {
    readonly name: string;
    readonly description?: string;
    readonly value?: string;
    readonly location: LocationDocument;
  }[];
  readonly secrets?: readonly RequiredDocument[];
  readonly ssh?: readonly RequiredDocument[];
  readonly sources: readonly string[];
}

interface RequiredDocument {
  readonly name: string;
  readonly required?: true;
  readonly location: LocationDocument;
}

/** What an applied plan asks of its caller: what its target and the stages behind it use. */
export function outlineDocument({ target, dockerfile }: BuildPlan): OutlineDocument {
  const captures = [...reachableFrom(target)].flatMap(({ state }) => (state ? [state.outline] : []));
  const args = firstOf(captures, (outline) =>
    [...outline.allUsedArgs()].flatMap((name) => {
      const info = outline.args.get(name);
      return info ? [[name, info] as const] : [];
    }),
  ).map(({ name, value, comment, lines }) => ({
    name,
    ...(comment !== '' && { description: comment }),
    ...(value !== '' && { value }),
    location: locationDocument([lines]),
  }));
  const secrets = requiredOf(captures, ({ secrets }) => secrets);
  const ssh = requiredOf(captures, ({ ssh }) => ssh);
  const { name, comment } = target.stage;
  return {
    ...(name !== '' && { name }),
    ...(comment !== '' && { description: comment }),
    ...(args.length > 0 && { args }),
    ...(secrets.length > 0 && { secrets }),
    ...(ssh.length > 0 && { ssh }),
    sources: [Buffer.from(dockerfile.source).toString('base64')],
  };
}

/** Of each name the first, in the order of their lines. */
function firstOf<T extends { readonly lines: Lines }>(
  captures: readonly OutlineCapture[],
  entries: (outline: OutlineCapture) => Iterable<readonly [string, T]>,
): T[] {
  const found = new Map<string, T>();
  for (const capture of captures) {
    for (const [name, info] of entries(capture)) if (!found.has(name)) found.set(name, info);
  }
  return [...found.values()].sort((a, b) => a.lines.first - b.lines.first);
}

function requiredOf(
  captures: readonly OutlineCapture[],
  pick: (outline: OutlineCapture) => ReadonlyMap<string, { readonly required: boolean; readonly lines: Lines }>,
): RequiredDocument[] {
  const named = (outline: OutlineCapture) =>
    [...pick(outline)].map(([name, { required, lines }]) => [name, { name, required, lines }] as const);
  return firstOf(captures, named).map(({ name, required, lines }) => ({
    name,
    ...(required && { required: true as const }),
    location: locationDocument([lines]),
  }));
}

export function outlineText({ name, description, args = [], secrets = [], ssh = [] }: OutlineDocument): string {
  const parts: string[] = [];
  if (name || description) {
    const head = [['TARGET:', name ?? '(default)'], ...(description ? [['DESCRIPTION:', description]] : [])];
    parts.push(columns(head, 1));
  }
  if (args.length > 0) {
    const rows = args.map((arg) => [arg.name, arg.value ?? '', arg.description ?? '']);
    parts.push(columns([['BUILD ARG', 'VALUE', 'DESCRIPTION'], ...rows], 3));
  }
  for (const [title, entries] of [
    ['SECRET', secrets],
    ['SSH', ssh],
  ] as const) {
    if (entries.length === 0) continue;
    const rows = entries.map((entry) => [entry.name, entry.required ? 'true' : '']);
    parts.push(columns([[title, 'REQUIRED'], ...rows], 3));
  }
  return parts.map((part) => `${part}\n`).join('');
}
