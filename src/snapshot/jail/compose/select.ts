import { notFound } from '#errdefs';
import { cleanParts, resolveIn, utf8 } from './resolve.ts';
import type { Tree } from './tree.ts';
import type { CopyAction } from './work.ts';

/** Something that a source of a copy stands for. */
export interface Selected {
  /** Where it is, links of the way followed; begins with the tree's root. */
  readonly path: string;
  /** The path as it was written or matched, below the tree. */
  readonly name: string;
  /** With `parents`: what of the name is kept; else ''. */
  readonly kept: string;
}

const WILD = /[*?[\\]/;

/** What the sources of an action stand for, in order. A path without wildcards has to exist. */
export function select(tree: Tree, { sources, parents }: Pick<CopyAction, 'sources' | 'parents'>): Selected[] {
  const found = sources.flatMap((source) => selectOne(tree, source, parents));
  return found;
}

function selectOne(tree: Tree, source: string, parents: boolean): Selected[] {
  const [before, behind] = parents ? splitPivot(source) : ['', source];
  const skipped = cleanParts(before).length;
  const parts = cleanParts(`${before}/${behind}`);
  const keep = (name: readonly string[]) => (parents ? name.slice(skipped).join('/') : '');
  if (!parts.some((part) => WILD.test(part))) {
    const name = parts.join('/');
    const path = resolveIn(tree, name);
    if (!tree.facts(path)) throw notFound(`"/${utf8(name)}": not found`);
    return [{ path, name, kept: keep(parts) }];
  }
  return expand(tree, [], parts).map((name) => ({
    path: resolveIn(tree, name.join('/')),
    name: name.join('/'),
    kept: keep(name),
  }));
}

function splitPivot(source: string): [string, string] {
  const pivot = source.indexOf('/./');
  return pivot < 0 ? ['', source] : [source.slice(0, pivot), source.slice(pivot + 3)];
}

const at = (folder: string, name: string | undefined): string => (name === undefined ? folder : `${folder}/${name}`);

/** The names below `done` that the rest of a pattern matches. */
function expand(tree: Tree, done: readonly string[], [part, ...rest]: readonly string[]): string[][] {
  if (part === undefined) return tree.facts(resolveParent(tree, done)) ? [[...done]] : [];
  if (!WILD.test(part)) return expand(tree, [...done, part], rest);
  const folder = resolveIn(tree, done.join('/'));
  if (!tree.facts(folder)?.isDirectory()) return [];
  const names = tree.names(folder);
  if (part !== '**') {
    const isWanted = pattern(part);
    return names.filter(isWanted).flatMap((name) => expand(tree, [...done, name], rest));
  }
  const here = rest.length > 0 ? expand(tree, done, rest) : [];
  const deeper = names.flatMap((name) => {
    const path = [...done, name];
    const isFolder = tree.facts(`${folder}/${name}`)?.isDirectory();
    return [...(rest.length === 0 ? [path] : []), ...(isFolder ? expand(tree, path, [part, ...rest]) : [])];
  });
  return [...here, ...deeper];
}

function resolveParent(tree: Tree, name: readonly string[]): string {
  return at(resolveIn(tree, name.slice(0, -1).join('/')), name.at(-1));
}

/** Go's filepath.Match for one part of a path. */
function pattern(text: string): (name: string) => boolean {
  let source = '';
  for (let i = 0; i < text.length; i++) {
    const char = text[i]!;
    if (char === '*') source += '.*';
    else if (char === '?') source += '.';
    else if (char === '[') {
      const end = classEnd(text, i);
      if (end < 0) return () => false;
      source += classOf(text.slice(i + 1, end));
      i = end;
    } else source += literal(char === '\\' && i + 1 < text.length ? text[++i]! : char);
  }
  const matcher = new RegExp(`^${source.replace(/(?:\.\*)+/g, '.*')}$`, 's');
  return (name) => matcher.test(name);
}

function classEnd(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i++) {
    if (text[i] === '\\') i++;
    else if (text[i] === ']' && i > start + 1 && !(i === start + 2 && text[start + 1] === '^')) return i;
  }
  return -1;
}

function classOf(body: string): string {
  const negated = body.startsWith('^');
  const inner = (negated ? body.slice(1) : body).replace(/\\?([\s\S])/g, (_, char: string) =>
    char === '-' ? '-' : literal(char),
  );
  return `[${negated ? '^' : ''}${inner}]`;
}

const literal = (char: string): string => char.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
