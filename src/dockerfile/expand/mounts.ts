import { goQuote } from '#template/quote';
import type { MountFlag } from '../ast.ts';
import { refuse } from '../dockerfile-error.ts';
import { parseBool, parseUnsigned } from '../go-values.ts';
import { fieldsOf } from '../parse/mount-flag.ts';
import { withSuggestion } from '../suggest.ts';
import { parseBytes } from './bytes.ts';

export type MountType = 'bind' | 'cache' | 'tmpfs' | 'secret' | 'ssh';
export type CacheSharing = 'shared' | 'private' | 'locked';

/** A `--mount` of RUN with its variables expanded. */
export interface RunMount {
  readonly type: MountType;
  /** Stage, context or image; empty is the build context, for a cache: nothing. */
  readonly from: string;
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
  /** Of a cache, secret or ssh; empty for the default. */
  readonly id: string;
  readonly sharing?: CacheSharing;
  readonly required: boolean;
  /** Bytes of a tmpfs, 0 for no limit. */
  readonly size: number;
  /** The variable of a secret; empty for its default name. */
  readonly env?: string;
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
}

const TYPES: readonly string[] = ['bind', 'cache', 'tmpfs', 'secret', 'ssh'];
const SHARINGS: readonly string[] = ['shared', 'private', 'locked'];
const KEYS = [
  ...['type', 'from', 'source', 'target', 'readonly', 'id', 'sharing', 'required', 'size', 'mode', 'uid', 'gid'],
  ...['src', 'dst', 'destination', 'ro', 'rw', 'readwrite', 'env'],
];

type Draft = { -readonly [K in keyof RunMount]: RunMount[K] } & { isReadOnlySet: boolean };
type Field = { readonly key: string; readonly value: string; readonly field: string };

/** Reads a mount; every value is expanded. BuildKit's messages. */
export function resolveMount({ text }: MountFlag, expand: (word: string) => string): RunMount {
  const mount: Draft = {
    ...{ type: 'bind', from: '', source: '', target: '', readOnly: false, id: '', required: false, size: 0 },
    isReadOnlySet: false,
  };
  for (const { key, value, field } of fieldsOf(text, 'mounts')) {
    if (value === undefined) setFlag(mount, key, field);
    else setField(mount, { key, value: expand(value), field });
  }
  if (!mount.isReadOnlySet) mount.readOnly = mount.type !== 'cache' && mount.type !== 'tmpfs';
  checkMount(mount);
  const { isReadOnlySet: _, ...rest } = mount;
  return rest;
}

function setFlag(mount: Draft, key: string, field: string): void {
  if (key === 'readonly' || key === 'ro') setReadOnly(mount, true);
  else if (key === 'readwrite' || key === 'rw') setReadOnly(mount, false);
  else if (key === 'required') {
    onlyFor(mount, key, ['secret', 'ssh']);
    mount.required = true;
  } else refuse(`invalid field '${field}' must be a key=value pair`);
}

const SETTERS: Readonly<Record<string, (mount: Draft, field: Field) => void>> = {
  type: (mount, { value }) => {
    const type = value.toLowerCase();
    if (!TYPES.includes(type)) refuse(withSuggestion(`unsupported mount type ${goQuote(value)}`, value, TYPES));
    mount.type = type as MountType;
  },
  from: (mount, { value }) => {
    mount.from = value;
  },
  source: (mount, { value }) => {
    mount.source = value;
  },
  target: (mount, { value }) => {
    mount.target = value;
  },
  readonly: (mount, field) => setReadOnly(mount, boolOf(field)),
  readwrite: (mount, field) => setReadOnly(mount, !boolOf(field)),
  required: (mount, field) => {
    onlyFor(mount, field.key, ['secret', 'ssh']);
    mount.required = boolOf(field);
  },
  size: (mount, { key, value }) => {
    onlyFor(mount, key, ['tmpfs']);
    mount.size = parseBytes(value) ?? refuse(`invalid value for ${key}: ${value}`);
  },
  id: (mount, { value }) => {
    mount.id = value;
  },
  sharing: (mount, { value }) => {
    const sharing = value.toLowerCase();
    if (!SHARINGS.includes(sharing)) {
      refuse(withSuggestion(`unsupported sharing value ${goQuote(value)}`, value, SHARINGS));
    }
    mount.sharing = sharing as CacheSharing;
  },
  mode: (mount, field) => {
    mount.mode = numberOf(field, 8);
  },
  uid: (mount, field) => {
    mount.uid = numberOf(field, 10);
  },
  gid: (mount, field) => {
    mount.gid = numberOf(field, 10);
  },
  env: (mount, { value }) => {
    mount.env = value;
  },
};
const ALIASES: Readonly<Record<string, string>> = {
  ...{ src: 'source', dst: 'target', destination: 'target', ro: 'readonly', rw: 'readwrite' },
};

function setField(mount: Draft, field: Field): void {
  const name = Object.hasOwn(ALIASES, field.key) ? ALIASES[field.key]! : field.key;
  if (!Object.hasOwn(SETTERS, name)) {
    refuse(withSuggestion(`unexpected key '${field.key}' in '${field.field}'`, field.key, KEYS));
  }
  SETTERS[name]!(mount, field);
}

function setReadOnly(mount: Draft, readOnly: boolean): void {
  mount.readOnly = readOnly;
  mount.isReadOnlySet = true;
}

function onlyFor({ type }: Draft, key: string, types: readonly MountType[]): void {
  if (!types.includes(type)) refuse(`unexpected key '${key}' for mount type '${type}'`);
}

function boolOf({ key, value }: Field): boolean {
  return parseBool(value) ?? refuse(`invalid value for ${key}: ${value}`);
}

function numberOf({ key, value }: Field, base: 8 | 10): number {
  return parseUnsigned(value, base) ?? refuse(`invalid value ${value} for ${key}`);
}

function checkMount({ type, mode, uid, gid, from, source, target, id, sharing }: RunMount): void {
  if (type === 'bind' || type === 'tmpfs') {
    const set = Object.entries({ mode, uid, gid }).find(([, value]) => value !== undefined);
    if (set) refuse(`${set[0]} not allowed for ${goQuote(type)} type mounts`);
  }
  if (type === 'secret') {
    if (from !== '') refuse('secret mount should not have a from');
    if (sharing !== undefined) refuse('secret mount should not define sharing');
    if (source === '' && target === '' && id === '') {
      refuse('invalid secret mount. one of source, target required');
    }
    if (source !== '' && id !== '') refuse("both source and id can't be set");
  }
  if (sharing !== undefined && type !== 'cache') refuse(`invalid cache sharing set for ${type} mount`);
}
