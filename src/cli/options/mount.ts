import { resolve } from 'node:path';
import { cut, readBool } from '../flags/read-flag.ts';
import { parseBytes } from '../format/size.ts';
import { csvFields } from './csv.ts';

/** A mount as the API takes it; only what was asked for is there. */
export interface MountRequest {
  Type: string;
  Source?: string;
  Target?: string;
  ReadOnly?: boolean;
  Consistency?: string;
  BindOptions?: Record<string, unknown>;
  VolumeOptions?: { NoCopy?: boolean; Subpath?: string; Labels?: Record<string, string>; DriverConfig: Driver };
  ImageOptions?: { Subpath?: string };
  TmpfsOptions?: { SizeBytes?: number; Mode?: number };
}

interface Driver {
  Name?: string;
  Options?: Record<string, string>;
}

/** `--mount type=…,src=…,dst=…`. */
export function mount(text: string, before: unknown): MountRequest[] {
  if (text === '') throw new Error('EOF');
  const request: MountRequest = { Type: 'volume' };
  for (const field of csvFields(text)) readField(request, field);
  check(request);
  return [...(before as MountRequest[]), request];
}

function readField(request: MountRequest, field: string): void {
  const key = (field.split('=', 1)[0] ?? '').toLowerCase();
  if (field.includes('=')) {
    const set = setters[key];
    if (!set) throw new Error(`unexpected key '${key}' in '${field}'`);
    set(request, field.slice(field.indexOf('=') + 1), key);
    return;
  }
  if (key === 'readonly' || key === 'ro') request.ReadOnly = true;
  else if (key === 'volume-nocopy') volume(request).NoCopy = true;
  else if (key === 'bind-nonrecursive') bind(request)['NonRecursive'] = true;
  else throw new Error(`invalid field '${field}' must be a key=value pair`);
}

type Setter = (request: MountRequest, value: string, key: string) => void;

function bind(request: MountRequest): Record<string, unknown> {
  return (request.BindOptions ??= {});
}

function volume(request: MountRequest): NonNullable<MountRequest['VolumeOptions']> {
  return (request.VolumeOptions ??= { DriverConfig: {} });
}

function driver(request: MountRequest): Driver {
  return volume(request).DriverConfig;
}

function attempt<T>(key: string, value: string, read: () => T): T {
  try {
    return read();
  } catch {
    throw new Error(`invalid value for ${key}: ${value}`);
  }
}

const bool: (value: string, key: string) => boolean = (value, key) => attempt(key, value, () => readBool(value));

const source: Setter = (request, value) => {
  request.Source = value === '.' || value.startsWith('./') ? resolve(value) : value;
};
const target: Setter = (request, value) => {
  request.Target = value;
};
const readOnly: Setter = (request, value, key) => {
  request.ReadOnly = bool(value, key);
};

const recursions: Record<string, string | undefined> = {
  disabled: 'NonRecursive',
  writable: 'ReadOnlyNonRecursive',
  readonly: 'ReadOnlyForceRecursive',
};

const setters: Record<string, Setter> = {
  type: (request, value) => {
    request.Type = value.toLowerCase();
  },
  source,
  src: source,
  target,
  dst: target,
  destination: target,
  readonly: readOnly,
  ro: readOnly,
  consistency: (request, value) => {
    request.Consistency = value.toLowerCase();
  },
  'bind-propagation': (request, value) => {
    bind(request)['Propagation'] = value.toLowerCase();
  },
  'bind-nonrecursive': (request, value, key) => {
    bind(request)['NonRecursive'] = bool(value, key);
  },
  'bind-recursive': (request, value, key) => {
    if (value === 'enabled') return;
    const option = Object.hasOwn(recursions, value) ? recursions[value] : undefined;
    if (option === undefined) {
      throw new Error(`invalid value for ${key}: ${value} (must be "enabled", "disabled", "writable", or "readonly")`);
    }
    bind(request)[option] = true;
  },
  'volume-subpath': (request, value) => {
    volume(request).Subpath = value;
  },
  'volume-nocopy': (request, value, key) => {
    volume(request).NoCopy = bool(value, key);
  },
  'volume-label': (request, value) => {
    const [key, text] = cut(value, '=');
    const options = volume(request);
    options.Labels = { ...options.Labels, [key]: text };
  },
  'volume-driver': (request, value) => {
    driver(request).Name = value;
  },
  'volume-opt': (request, value) => {
    const [key, text] = cut(value, '=');
    driver(request).Options = { ...driver(request).Options, [key]: text };
  },
  'image-subpath': (request, value) => {
    request.ImageOptions = { Subpath: value };
  },
  'tmpfs-size': (request, value, key) => {
    request.TmpfsOptions = { ...request.TmpfsOptions, SizeBytes: attempt(key, value, () => parseBytes(value)) };
  },
  'tmpfs-mode': (request, value, key) => {
    if (!/^[0-7]+$/.test(value)) throw new Error(`invalid value for ${key}: ${value}`);
    request.TmpfsOptions = { ...request.TmpfsOptions, Mode: Number.parseInt(value, 8) };
  },
};

const owners = { VolumeOptions: 'volume', ImageOptions: 'image', BindOptions: 'bind', TmpfsOptions: 'tmpfs' } as const;

function check(request: MountRequest): void {
  if (request.Type === '') throw new Error('type is required');
  for (const [options, type] of Object.entries(owners)) {
    if (request[options as keyof typeof owners] !== undefined && request.Type !== type) {
      throw new Error(`cannot mix '${type}-*' options with mount type '${request.Type}'`);
    }
  }
  const { BindOptions: options } = request;
  const needs = (value: string, what: string) => {
    throw new Error(`option 'bind-recursive=${value}' requires '${what}' to be specified in conjunction`);
  };
  if (options?.['ReadOnlyNonRecursive'] && !request.ReadOnly) needs('writable', 'readonly');
  if (options?.['ReadOnlyForceRecursive']) {
    if (!request.ReadOnly) needs('readonly', 'readonly');
    if (options['Propagation'] !== 'rprivate') needs('readonly', 'bind-propagation=rprivate');
  }
}
