import { resolve } from 'node:path';
import { Writable } from 'node:stream';
import type { OutputTarget, TypedOption } from '#client';
import type { FlagValues } from '../flags/flag-values.ts';
import { csvFields } from '../options/csv.ts';
import { stdoutIsTerminal } from '../output/terminal.ts';
import { writeAll } from '../output/write.ts';

/** What becomes of a build's result. */
export interface Outputs {
  readonly exporters: readonly TypedOption[];
  /** Where on this host the result goes. */
  readonly target: OutputTarget | undefined;
  /** Names that are pushed once the image is there: by the engine, as docker's client has it done. */
  readonly pushed: readonly string[];
}

/** Reads `--output`, `--load`, `--push` and `--tag`: without any an image is made, with the given names. */
export function readOutputs(flags: FlagValues): Outputs {
  const given = flags.list('output').map(readOutput);
  if (flags.bool('push')) given.push({ type: 'image', attrs: new Map([['push', 'true']]) });
  if (flags.bool('load') || given.length === 0) given.push({ type: 'image', attrs: new Map() });
  if (given.length > 1) throw new Error('multiple outputs currently unsupported by the current BuildKit daemon');
  const [output] = given;
  return place(output!, flags.list('tag'), flags.list('annotation'));
}

interface Output {
  type: string;
  attrs: Map<string, string>;
}

function readOutput(text: string): Output {
  const fields = csvFields(text);
  // Docker: one word alone is a folder, or `-` for a tar archive on standard output.
  if (fields.length === 1 && fields[0] === text && !text.startsWith('type=')) {
    return text === '-' ? output('tar', [['dest', '-']]) : output('local', [['dest', text]]);
  }
  const pairs = fields.map((field): [string, string] => {
    const at = field.indexOf('=');
    if (at < 0) throw new Error(`invalid value ${field}`);
    return [field.slice(0, at).trim().toLowerCase(), field.slice(at + 1)];
  });
  const type = pairs.find(([key]) => key === 'type')?.[1];
  if (!type) throw new Error('type is required for output');
  if (type === 'registry') return output('image', [...pairs, ['push', 'true']]);
  return output(type, pairs);
}

const output = (type: string, pairs: readonly (readonly [string, string])[]): Output => ({
  type,
  attrs: new Map(pairs.filter(([key]) => key !== 'type')),
});

function place({ type, attrs }: Output, tags: readonly string[], annotations: readonly string[]): Outputs {
  const names = [...tags, ...(attrs.get('name') ?? '').split(',')].filter((name) => name !== '');
  if (names.length > 0) attrs.set('name', names.join(','));
  for (const [key, value] of annotations.map(annotation)) attrs.set(key, value);
  const dest = attrs.get('dest');
  attrs.delete('dest');
  switch (type) {
    case 'image':
    case 'docker':
      // Docker: without a place an image for docker is one of the engine itself, which it calls moby.
      if (dest === undefined) return image(attrs, names);
      return stream(type, attrs, dest);
    case 'local':
      if (!dest) throw new Error('dest is required for local output');
      return { exporters: [{ type, attrs }], target: { folder: resolve(dest) }, pushed: [] };
    case 'tar':
    case 'oci':
      return stream(type, attrs, dest ?? '-');
    default:
      return { exporters: [{ type, attrs }], target: undefined, pushed: [] };
  }
}

function stream(type: string, attrs: Map<string, string>, dest: string): Outputs {
  if (dest === '-' && stdoutIsTerminal()) {
    throw new Error(`dest file is required for ${type} exporter. refusing to write to console`);
  }
  return {
    exporters: [{ type, attrs }],
    target: dest === '-' ? { stream: standardOutput() } : { file: resolve(dest) },
    pushed: [],
  };
}

function image(attrs: Map<string, string>, names: readonly string[]): Outputs {
  const isPushed = attrs.get('push') === 'true';
  attrs.delete('push');
  if (isPushed && names.length === 0) throw new Error('tag is needed when pushing to registry');
  return { exporters: [{ type: 'moby', attrs }], target: undefined, pushed: isPushed ? names : [] };
}

/** One that ends, which that of the process never does. */
function standardOutput(): Writable {
  return new Writable({
    write(chunk: Uint8Array, _encoding, done) {
      writeAll(1, chunk);
      done();
    },
  });
}

function annotation(text: string): [key: string, value: string] {
  const at = text.indexOf('=');
  if (at <= 0) throw new Error(`invalid annotation ${JSON.stringify(text)}, expected key=value`);
  const [scope, name] = /^([\w,[\]/-]+):(.+)$/.exec(text.slice(0, at))?.slice(1) ?? ['', text.slice(0, at)];
  return [`annotation${scope ? `-${scope}` : ''}.${name}`, text.slice(at + 1)];
}
