import type { Container } from './record.ts';
import { shortId } from './record.ts';

/** What `labels`, `labels-regex`, `env`, `env-regex` and `tag` of the log options add to every line. */
export function logAttributes({ id, name, spec }: Pick<Container, 'id' | 'name' | 'spec'>): Record<string, string> {
  const { config, hostConfig } = spec;
  const options = hostConfig.LogConfig.Config ?? {};
  const env = Object.fromEntries((config.Env ?? []).map(splitEnv));
  return {
    ...chosen(config.Labels ?? {}, { names: options.labels, pattern: options['labels-regex'] }),
    ...chosen(env, { names: options.env, pattern: options['env-regex'] }),
    ...(options.tag ? { tag: renderTag(options.tag, { id, name, image: config.Image }) } : {}),
  };
}

function splitEnv(entry: string): [string, string] {
  const at = entry.indexOf('=');
  return at < 0 ? [entry, ''] : [entry.slice(0, at), entry.slice(at + 1)];
}

function chosen(
  values: Readonly<Record<string, string>>,
  { names, pattern }: { names: string | undefined; pattern: string | undefined },
): Record<string, string> {
  const listed = new Set(names ? names.split(',') : []);
  const matcher = pattern ? new RegExp(pattern) : undefined;
  return Object.fromEntries(Object.entries(values).filter(([key]) => listed.has(key) || matcher?.test(key)));
}

/** Docker's tag template, in the fields that people use. */
function renderTag(template: string, { id, name, image }: { id: string; name: string; image: string }): string {
  const fields: Readonly<Record<string, string>> = {
    ID: shortId(id),
    FullID: id,
    Name: name,
    ImageName: image,
    DaemonName: 'docker',
  };
  return template.replace(/\{\{\s*\.(\w+)\s*\}\}/g, (whole, field: string) => fields[field] ?? whole);
}
