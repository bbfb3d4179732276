import { existsSync } from 'node:fs';
import type { SecretSource } from '#client';
import { csvFields } from '../options/csv.ts';
import { goFileError } from '../options/files.ts';

/** `--secret id=mine[,src=FILE][,env=NAME]`: where each is read from when it is asked for. */
export function secrets(options: readonly string[], env: NodeJS.ProcessEnv): Map<string, SecretSource> {
  return new Map(options.map((option) => readSecret(option, env)));
}

const KEYS = ['id', 'src', 'source', 'env', 'type'];

function readSecret(option: string, env: NodeJS.ProcessEnv): [id: string, source: SecretSource] {
  const given = new Map(csvFields(option).map(pair));
  for (const [key, value] of given) {
    if (!KEYS.includes(key)) throw new Error(`unexpected key '${key}' in '${key}=${value}'`);
  }
  const type = given.get('type') ?? '';
  if (!['', 'file', 'env'].includes(type)) throw new Error(`unsupported secret type ${JSON.stringify(type)}`);
  const source = given.get('src') ?? given.get('source');
  const id = given.get('id') ?? source?.split('/').at(-1) ?? '';
  if (id === '') throw new Error('invalid secret: id is required');
  const named = given.get('env') ?? (type === 'env' ? (source ?? id) : undefined);
  const name = named ?? (source === undefined && id in env ? id : undefined);
  if (name !== undefined && type !== 'file') return [id, { value: env[name] ?? '' }];
  const file = source ?? id;
  if (!existsSync(file)) throw new Error(`failed to stat ${file}: stat ${file}: no such file or directory`);
  return [id, { file }];
}

function pair(field: string): [key: string, value: string] {
  const at = field.indexOf('=');
  if (at < 0) throw new Error(`invalid field '${field}' must be a key=value pair`);
  return [field.slice(0, at).toLowerCase(), field.slice(at + 1)];
}

/** `--ssh default|ID[=SOCKET]`: the sockets of agents, whose keys stay where they are. */
export function sshAgents(options: readonly string[], env: NodeJS.ProcessEnv): Map<string, string> {
  return new Map(options.map((option) => readAgent(option, env)));
}

function readAgent(option: string, env: NodeJS.ProcessEnv): [id: string, socket: string] {
  const at = option.indexOf('=');
  const id = at < 0 ? option : option.slice(0, at);
  const socket = at < 0 ? (env['SSH_AUTH_SOCK'] ?? '') : option.slice(at + 1);
  if (socket === '') throw new Error('invalid empty ssh agent socket: make sure SSH_AUTH_SOCK is set');
  if (!existsSync(socket)) throw goFileError(Object.assign(new Error(), { code: 'ENOENT', syscall: 'stat' }), socket);
  return [id, socket];
}
