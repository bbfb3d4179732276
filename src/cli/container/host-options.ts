import { goQuote } from '#template/quote';
import type { FlagValues } from '../flags/flag-values.ts';
import { cut } from '../flags/read-flag.ts';
import { compactJson } from '../format/json-indent.ts';
import { readUserFile } from '../options/files.ts';

/** `--restart name[:count]`. */
export function restartPolicy(text: string): { Name: string; MaximumRetryCount: number } {
  const [name, count] = cut(text, ':');
  if (text.includes(':') && name === '') {
    throw new Error('invalid restart policy format: no policy provided before colon');
  }
  if (count !== '' && !/^[+-]?\d+$/.test(count)) {
    throw new Error('invalid restart policy format: maximum retry count must be an integer');
  }
  return { Name: name, MaximumRetryCount: Number(count) };
}

/** `--log-driver` and `--log-opt`. */
export function logging(flags: FlagValues): { Type: string; Config: Record<string, string> } {
  const driver = flags.text('log-driver');
  const options = flags.list('log-opt');
  if (driver === 'none' && options.length > 0) throw new Error(`invalid logging opts for driver ${driver}`);
  return { Type: driver, Config: Object.fromEntries(options.map((option) => cut(option, '='))) };
}

/** `--storage-opt key=value`. */
export function storageOptions(options: readonly string[]): Record<string, string> | undefined {
  if (options.some((option) => !option.includes('='))) throw new Error('invalid storage option');
  return options.length > 0 ? Object.fromEntries(options.map((option) => cut(option, '='))) : undefined;
}

/** `--security-opt`, a seccomp profile's file read in, `systempaths=unconfined` turned into empty lists of paths. */
export function securityOptions(options: readonly string[]): Record<string, string[] | null> {
  const read = options.map(securityOption);
  const open = read.includes('systempaths=unconfined');
  return {
    SecurityOpt: open || read.length > 0 ? read.filter((option) => option !== 'systempaths=unconfined') : null,
    MaskedPaths: open ? [] : null,
    ReadonlyPaths: open ? [] : null,
  };
}

function securityOption(option: string): string {
  const separator = option.includes('=') || option === 'no-new-privileges' ? '=' : ':';
  const [key, value] = cut(option, separator);
  if (value === '' && key !== 'no-new-privileges') throw new Error(`Invalid --security-opt: ${goQuote(option)}`);
  if (key !== 'seccomp' || value === 'builtin' || value === 'unconfined') return option;
  return `seccomp=${compactProfile(value)}`;
}

function compactProfile(path: string): string {
  let text: string;
  try {
    text = readUserFile(path);
  } catch (error) {
    throw new Error(`opening seccomp profile (${path}) failed: ${(error as Error).message}`);
  }
  try {
    JSON.parse(text);
    return compactJson(text);
  } catch (error) {
    throw new Error(`compacting json for seccomp profile (${path}) failed: ${goJsonFault(error as Error)}`);
  }
}

function goJsonFault({ message }: Error): string {
  const found = /Unexpected token '(.)'/.exec(message)?.[1];
  return found === undefined
    ? 'unexpected end of JSON input'
    : `invalid character '${found}' looking for beginning of value`;
}
