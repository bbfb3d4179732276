import type { DeviceRequest, MountFlag } from '../ast.ts';
import { DockerfileError, refuse } from '../dockerfile-error.ts';
import { csvFields, parseBool } from '../go-values.ts';
import { withSuggestion } from '../suggest.ts';

/** Fields as key and value; a field without `=` has no value. */
export function fieldsOf(text: string, what: string): { key: string; value: string | undefined; field: string }[] {
  let fields: string[];
  try {
    fields = csvFields(text);
  } catch (error) {
    if (error instanceof DockerfileError) refuse(`failed to parse csv ${what}: ${error.message}`);
    throw error;
  }
  return fields.map((field) => {
    const at = field.indexOf('=');
    return at < 0
      ? { key: field.toLowerCase(), value: undefined, field }
      : { key: field.slice(0, at).toLowerCase(), value: field.slice(at + 1), field };
  });
}

/** What can be said of `--mount` before variables are known: where it comes from. */
export function mountFlag(text: string): MountFlag {
  let from = '';
  for (const { key, value } of fieldsOf(text, 'mounts')) {
    if (key !== 'from' || value === undefined) continue;
    const dollar = value.indexOf('$');
    if (dollar >= 0 && dollar !== value.length - 1) {
      refuse(`'${key}' doesn't support variable expansion, define alias stage instead`);
    }
    from = value;
  }
  return { text, from };
}

export function deviceRequest(text: string): DeviceRequest {
  let name = '';
  let required = false;
  for (const { key, value, field } of fieldsOf(text, 'devices')) {
    if (key === 'required') {
      required = value === undefined ? true : (parseBool(value) ?? refuse(`invalid value for ${key}: ${value}`));
    } else if (key === 'name' && value !== undefined) {
      if (name !== '') refuse(`device name already set to ${name}`);
      name = value;
    } else if (name === '') name = field;
    else if (value === undefined) refuse(`invalid field '${field}' must be a key=value pair`);
    else refuse(withSuggestion(`unexpected key '${key}' in '${field}'`, key, ['name', 'required']));
  }
  return { name, required };
}
