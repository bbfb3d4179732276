import { ConfigError } from './config-file.ts';
import type { Key, KeyName, Settings } from './config-keys.ts';
import { flagOf, KEYS } from './config-keys.ts';
import { refusal, refusedFlag } from './refused-keys.ts';

export interface Flags {
  readonly settings: Settings;
  readonly configFile?: string;
  readonly help: boolean;
  readonly version: boolean;
  /** Only check the configuration. */
  readonly validate: boolean;
  /** Remove all containers, kernel objects and files of the engine on these roots, and exit. */
  readonly purge: boolean;
  /** Ask the running gantryd to stop all containers, as at host shutdown, and wait until it has. */
  readonly stopContainers: boolean;
  /** Serve `tcp://` without TLS, in full knowledge that whoever reaches it is root on this host. */
  readonly insecureTcp: boolean;
}

const SWITCHES = {
  help: 'h',
  version: 'v',
  validate: undefined,
  purge: undefined,
  'stop-containers': undefined,
  'allow-insecure-tcp': undefined,
} as const;

interface Option {
  readonly name: string;
  readonly isSwitch: boolean;
  readonly key?: KeyName;
  readonly refused?: string;
}

function refusedOption(flag: string): Option | undefined {
  const found = refusedFlag(flag);
  return found && { name: found.name, isSwitch: found.isSwitch === true, refused: found.name };
}

const OPTIONS: ReadonlyMap<string, Option> = options();

function options(): Map<string, Option> {
  const found = new Map<string, Option>();
  for (const [name, short] of Object.entries(SWITCHES)) {
    found.set(`--${name}`, { name, isSwitch: true });
    if (short) found.set(`-${short}`, { name, isSwitch: true });
  }
  found.set('--config-file', { name: 'config-file', isSwitch: false });
  for (const name of Object.keys(KEYS) as KeyName[]) {
    const flag = flagOf(name);
    const { short, kind }: Key = KEYS[name];
    if (!flag) continue;
    const option = { name: flag, isSwitch: kind === 'bool', key: name };
    found.set(`--${flag}`, option);
    if (short) found.set(`-${short}`, option);
  }
  return found;
}

/** Parses the arguments of gantryd; throws {@link ConfigError} with Docker's words for what it does not know. */
export function parseFlags(args: readonly string[]): Flags {
  const settings: Settings = {};
  const switches: Record<string, boolean> = {};
  let configFile: string | undefined;
  for (const { option, value } of split(args)) {
    if (option.refused) refuse(option, value);
    else if (option.key) set(settings, option.key, value);
    else if (option.name === 'config-file') configFile = value;
    else switches[option.name] = toBoolean(option.name, value);
  }
  const { help = false, version = false, validate = false, purge = false } = switches;
  const insecureTcp = switches['allow-insecure-tcp'] ?? false;
  return {
    settings,
    configFile,
    help,
    version,
    validate,
    purge,
    stopContainers: switches['stop-containers'] ?? false,
    insecureTcp,
  };
}

/** Docker's flags that this engine has not are refused by name, unless they say what is so anyway. */
function refuse({ name, isSwitch }: Option, value: string): void {
  const reason = refusal(name, isSwitch ? toBoolean(name, value) : value);
  if (reason) throw new ConfigError(reason);
}

function* split(args: readonly string[]): Generator<{ option: Option; value: string }> {
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!;
    if (!arg.startsWith('-')) throw new ConfigError(`unknown argument "${arg}": gantryd takes only flags`);
    const equals = arg.indexOf('=');
    const isShort = !arg.startsWith('--');
    const name = isShort ? arg.slice(0, 2) : equals < 0 ? arg : arg.slice(0, equals);
    const option = OPTIONS.get(name) ?? refusedOption(name);
    if (!option) throw new ConfigError(`unknown flag: ${name}`);
    const glued = isShort ? arg.slice(2).replace(/^=/, '') : equals < 0 ? '' : arg.slice(equals + 1);
    const isGlued = isShort ? arg.length > 2 : equals >= 0;
    if (isGlued) yield { option, value: glued };
    else if (option.isSwitch) yield { option, value: 'true' };
    else if (i + 1 < args.length) yield { option, value: args[++i]! };
    else throw new ConfigError(`flag needs an argument: ${name}`);
  }
}

function set(settings: Settings, key: KeyName, value: string): void {
  const flag = flagOf(key)!;
  switch (KEYS[key].kind) {
    case 'string':
      settings[key] = value;
      break;
    case 'bool':
      settings[key] = toBoolean(flag, value);
      break;
    case 'int':
      if (!/^-?\d+$/.test(value))
        throw new ConfigError(`invalid argument "${value}" for "--${flag}" flag: not a whole number`);
      settings[key] = Number(value);
      break;
    case 'list':
      settings[key] = [...((settings[key] as string[]) ?? []), value];
      break;
    case 'map':
      settings[key] = { ...(settings[key] as object), ...Object.fromEntries([pair(flag, value)]) };
      break;
    case 'maps': {
      const [driver, option] = pair(flag, value);
      const known = (settings[key] ?? {}) as Record<string, Record<string, string>>;
      settings[key] = { ...known, [driver]: { ...known[driver], ...Object.fromEntries([pair(flag, option)]) } };
      break;
    }
    case 'pools':
      settings[key] = [...((settings[key] as object[]) ?? []), toPool(flag, value)];
      break;
    case 'ulimits':
      settings[key] = { ...(settings[key] as object), ...toUlimit(flag, value) };
      break;
    case 'runtimes': {
      const [name, path] = pair(flag, value);
      settings[key] = { ...(settings[key] as object), [name]: { path } };
      break;
    }
    case 'switches': {
      const [name, state] = pair(flag, value);
      settings[key] = { ...(settings[key] as object), [name]: toBoolean(flag, state) };
      break;
    }
    case 'proxies':
      throw new ConfigError(`unknown flag: --${flag}`);
  }
}

function toBoolean(flag: string, value: string): boolean {
  if (['1', 't', 'true'].includes(value.toLowerCase())) return true;
  if (['0', 'f', 'false'].includes(value.toLowerCase())) return false;
  throw new ConfigError(`invalid argument "${value}" for "--${flag}" flag: not a boolean`);
}

function pair(flag: string, value: string): [string, string] {
  const at = value.indexOf('=');
  if (at <= 0) throw new ConfigError(`invalid argument "${value}" for "--${flag}" flag: must be key=value`);
  return [value.slice(0, at), value.slice(at + 1)];
}

function toPool(flag: string, value: string): { base: string; size: number } {
  const fields = Object.fromEntries(value.split(',').map((field) => pair(flag, field)));
  const size = Number(fields.size);
  if (!fields.base || !Number.isInteger(size)) {
    throw new ConfigError(`invalid argument "${value}" for "--${flag}" flag: must be base=<cidr>,size=<bits>`);
  }
  return { base: fields.base, size };
}

function toUlimit(flag: string, value: string): Record<string, { Name: string; Soft: number; Hard: number }> {
  const [name, limits] = pair(flag, value);
  const [soft, hard = soft] = limits.split(':').map(Number);
  if (!Number.isInteger(soft) || !Number.isInteger(hard)) {
    throw new ConfigError(`invalid argument "${value}" for "--${flag}" flag: must be name=soft[:hard]`);
  }
  return { [name]: { Name: name, Soft: soft!, Hard: hard! } };
}

/** The text of `gantryd --help`. */
export function usage(): string {
  const rows = (Object.keys(KEYS) as KeyName[]).flatMap((name) => {
    const flag = flagOf(name);
    const { short, help }: Key = KEYS[name];
    return flag ? [`  ${short ? `-${short}, ` : '    '}--${flag.padEnd(24)} ${help}`] : [];
  });
  const extra = [
    '      --allow-insecure-tcp       Serve tcp:// without TLS: whoever reaches it is root on this host',
    '      --config-file              Configuration file (/etc/gantry/daemon.json)',
    '  -h, --help                     Print usage',
    '      --purge                    Remove all containers, kernel objects and files of this engine, and exit',
    '      --stop-containers          Let the running gantryd stop all containers, and wait (host shutdown)',
    '      --validate                 Check the configuration and exit',
    '  -v, --version                  Print the version and exit',
  ];
  return `Usage:  gantryd [OPTIONS]\n\nA container engine for Linux.\n\nOptions:\n${[...rows, ...extra].join('\n')}\n`;
}
