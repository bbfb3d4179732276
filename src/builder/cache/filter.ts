import type { CacheRecord } from '#build';
import { invalid } from '#errdefs';

interface Condition {
  readonly field: string;
  readonly operator: '==' | '!=' | '~=' | 'set';
  readonly value: string;
}

/** Reads filters as containerd writes them: one of the texts must hold, and of a text everything between commas. */
export function cacheFilter(filters: readonly string[]): (record: CacheRecord) => boolean {
  const alternatives = filters.filter((text) => text !== '').map((text) => splitConditions(text).map(readCondition));
  return (record) => alternatives.length === 0 || alternatives.some((all) => all.every((each) => holds(each, record)));
}

const splitConditions = (text: string): string[] => text.match(/(?:"(?:\\.|[^"\\])*"|[^,"])+/g) ?? [];

function readCondition(text: string): Condition {
  const match = /^([A-Za-z][A-Za-z0-9_.]*)(?:(==|!=|~=|=)(.*))?$/s.exec(text.trim());
  if (!match) throw invalid(`invalid filter ${JSON.stringify(text)}`);
  const [, field = '', operator, value = ''] = match;
  const plain = value.startsWith('"') ? unquote(value) : value;
  return {
    field,
    operator: operator === undefined ? 'set' : operator === '=' ? '==' : (operator as '=='),
    value: plain,
  };
}

function unquote(text: string): string {
  try {
    return JSON.parse(text) as string;
  } catch {
    throw invalid(`invalid filter value ${text}`);
  }
}

function holds({ field, operator, value }: Condition, record: CacheRecord): boolean {
  const values = valuesOf(field, record);
  if (operator === 'set') return values.some((each) => each !== '' && each !== 'false');
  if (operator === '==') return values.includes(value);
  if (operator === '!=') return !values.includes(value);
  // A regular expression of a stranger could take for ever: a part of the text must do.
  return values.some((each) => each.includes(value));
}

function valuesOf(field: string, record: CacheRecord): readonly string[] {
  const { id, type, description, parents, inUse, shared } = record;
  const fields: Readonly<Record<string, readonly string[]>> = {
    id: [id],
    type: [type],
    description: [description],
    parent: parents,
    parents,
    inuse: [String(inUse)],
    mutable: [String(type === 'source.local' || type === 'exec.cachemount')],
    immutable: [String(type !== 'source.local' && type !== 'exec.cachemount')],
    shared: [String(shared)],
    private: [String(!shared)],
  };
  return fields[field.toLowerCase()] ?? [];
}
