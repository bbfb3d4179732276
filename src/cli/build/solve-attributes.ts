import type { FlagValues } from '../flags/flag-values.ts';
import { csvFields } from '../options/csv.ts';
import type { Limit } from '../options/ulimit.ts';

/** What the Dockerfile front end is told, by BuildKit's names, of the flags of `build`. */
export function solveAttributes(flags: FlagValues, env: NodeJS.ProcessEnv): Record<string, string> {
  const attributes: Record<string, string> = {};
  const set = (name: string, value: string) => {
    if (value !== '') attributes[name] = value;
  };
  set('target', flags.text('target'));
  set('cgroup-parent', flags.text('cgroup-parent'));
  set(
    'platform',
    flags
      .list('platform')
      .flatMap((one) => one.split(','))
      .join(','),
  );
  set('add-hosts', flags.list('add-host').map(hostEntry).join(','));
  set('shm-size', flags.number('shm-size') > 0 ? String(flags.number('shm-size')) : '');
  set('ulimit', (flags.get('ulimit') as Limit[]).map(({ Name, Soft, Hard }) => `${Name}=${Soft}:${Hard}`).join(','));
  set('force-network-mode', networkMode(flags.text('network')));
  set('image-resolve-mode', flags.bool('pull') ? 'pull' : '');
  if (flags.bool('no-cache')) attributes['no-cache'] = '';
  const uncached = flags.list('no-cache-filter').flatMap((one) => one.split(','));
  if (uncached.length > 0) attributes['no-cache'] = uncached.join(',');
  for (const pair of flags.list('build-arg')) {
    const [name, value] = argument(pair, env);
    if (value !== undefined) attributes[`build-arg:${name}`] = value;
  }
  if (env['SOURCE_DATE_EPOCH'] !== undefined) attributes['build-arg:SOURCE_DATE_EPOCH'] ??= env['SOURCE_DATE_EPOCH'];
  for (const label of flags.list('label')) {
    const at = label.indexOf('=');
    attributes[`label:${at < 0 ? label : label.slice(0, at)}`] = at < 0 ? '' : label.slice(at + 1);
  }
  return { ...attributes, ...attestations(flags) };
}

/** `--add-host name:ip`, an equals sign too, an IPv6 address in brackets. */
function hostEntry(text: string): string {
  const at = /[:=]/.exec(text)?.index ?? -1;
  if (at <= 0) throw new Error(`invalid argument "${text}" for "--add-host" flag: bad format for add-host: "${text}"`);
  return `${text.slice(0, at)}=${text.slice(at + 1).replace(/^\[|\]$/g, '')}`;
}

function networkMode(mode: string): string {
  if (mode === '' || mode === 'default') return '';
  if (mode === 'host' || mode === 'none') return mode;
  throw new Error(
    `network mode ${JSON.stringify(mode)} not supported by buildkit - you can define a custom network for your builder using the network driver-opt in buildx create`,
  );
}

function argument(pair: string, env: NodeJS.ProcessEnv): [name: string, value: string | undefined] {
  const at = pair.indexOf('=');
  return at < 0 ? [pair, env[pair]] : [pair.slice(0, at), pair.slice(at + 1)];
}

function attestations(flags: FlagValues): Record<string, string> {
  const found: Record<string, string> = {};
  const given = [...flags.list('attest')];
  for (const type of ['provenance', 'sbom']) {
    const text = flags.text(type);
    if (text !== '')
      given.push(/^(true|false)$/.test(text) ? `type=${type},disabled=${text === 'false'}` : `type=${type},${text}`);
  }
  for (const text of given) {
    const fields = csvFields(text);
    const type = fields.find((field) => field.startsWith('type='))?.slice(5);
    if (!type) throw new Error(`attestation type not specified`);
    if (fields.includes('disabled=true')) delete found[`attest:${type}`];
    else found[`attest:${type}`] = fields.filter((field) => !/^(type|disabled)=/.test(field)).join(',');
  }
  return found;
}

/** An external cache as its type and settings; a plain name is an image in a registry. */
export function cacheOption(text: string): { type: string; attrs: Map<string, string> } {
  const fields = csvFields(text);
  if (fields.every((field) => !field.includes('='))) {
    if (fields.length > 1) throw new Error(`invalid value ${fields[1]}`);
    return { type: 'registry', attrs: new Map([['ref', text]]) };
  }
  const attrs = new Map<string, string>();
  for (const field of fields) {
    const at = field.indexOf('=');
    if (at < 0) throw new Error(`invalid value ${field}`);
    attrs.set(field.slice(0, at).toLowerCase(), field.slice(at + 1));
  }
  const type = attrs.get('type');
  attrs.delete('type');
  if (!type) throw new Error(`type required form> ${JSON.stringify(text)}`);
  return { type, attrs };
}
