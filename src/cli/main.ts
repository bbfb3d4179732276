import type { Command } from './command.ts';
import type { ParsedWords } from './flags/parse.ts';
import { FlagError, parseFlags } from './flags/parse.ts';
import { commandHelp, globalFlags, groupHelp, topHelp, useLine } from './help.ts';
import { writeAll } from './output/write.ts';
import type { Globals } from './session.ts';
import { Session, withDefaultPair } from './session.ts';
import { StatusError } from './status-error.ts';
import type { Entry } from './table.ts';
import { findIn, findTop, groups } from './table.ts';
import { release } from './version.ts';

/** Runs the program on the words after its name; answers with the exit code. Never throws for what a user can cause. */
export async function main(words: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<number> {
  const program = env['GANTRY_PROGRAM'] || 'gantry';
  try {
    return await dispatch(program, words, env);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    if (message !== '') writeAll(2, `${rebrand(program, message)}\n`);
    if (env['GANTRY_DEBUG'] && error instanceof Error) writeAll(2, `${error.stack}\n`);
    return error instanceof StatusError ? error.code : 1;
  }
}

// Docker's words, but nobody who runs Gantry should go looking for a docker daemon.
function rebrand(program: string, message: string): string {
  if (program === 'docker' || !message.includes('the Docker daemon')) return message;
  return message
    .replaceAll('Docker daemon', 'Gantry daemon')
    .replace('Is the docker daemon running?', 'Is gantryd running?');
}

async function dispatch(program: string, words: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const home = env['DOCKER_CONFIG'] || `${env['HOME'] || '/root'}/.docker`;
  const flags = globalFlags(home);
  const parsed = tryParse(() => parseFlags(flags, words, true), `${program} [OPTIONS] COMMAND [ARG...]`, program);
  const [first, ...rest] = parsed.operands;
  if (parsed.values.bool('version')) {
    writeAll(1, `Gantry version ${release.version}, build ${release.commit}\n`);
    return 0;
  }
  if (first === undefined || parsed.help) {
    writeAll(parsed.help ? 1 : 2, topHelp(program, home, columns()));
    return 0;
  }
  if (first === 'help') return dispatch(program, [...rest, '--help'], env);
  const session = new Session(program, env, globalsOf(parsed, env));
  if (Object.hasOwn(groups, first)) return runGroup(session, first, rest);
  const entry = findTop(first);
  if (!entry) return unknown(program, `${program} ${first}`);
  return runCommand(session, entry, `${program} ${first}`, rest);
}

function globalsOf({ values }: ParsedWords, env: NodeJS.ProcessEnv): Globals {
  const [configDir, context] = [values.text('config'), values.text('context')];
  checkLevel(values.text('log-level'));
  const globals: Globals = {
    hosts: values.list('host'),
    debug: values.bool('debug'),
    ...(configDir && { configDir }),
    ...(context && { context }),
  };
  if (!values.bool('tls') && !values.bool('tlsverify')) return globals;
  const home = configDir || env['DOCKER_CONFIG'] || `${env['HOME'] || '/root'}/.docker`;
  const dir = env['DOCKER_CERT_PATH'] || home;
  const [cert, key] = [values.text('tlscert'), values.text('tlskey')];
  const ca = values.text('tlscacert') || `${dir}/ca.pem`;
  const verify = values.changed('tlsverify') ? values.bool('tlsverify') : true;
  return { ...globals, tls: withDefaultPair(dir, { ca, verify, ...(cert && { cert }), ...(key && { key }) }) };
}

const levels = ['panic', 'fatal', 'error', 'warn', 'warning', 'info', 'debug', 'trace'];

// This client writes no log of its own: what it has to say are errors.
function checkLevel(level: string): void {
  if (level === '' || levels.includes(level.toLowerCase())) return;
  throw new StatusError(`unable to parse logging level: ${level}`, 125);
}

async function runGroup(session: Session, group: string, words: string[]): Promise<number> {
  const path = `${session.program} ${group}`;
  const parsed = tryParse(() => parseFlags([], words, true), path, path);
  const [verb, ...rest] = parsed.operands;
  if (verb === undefined || parsed.help) {
    writeAll(parsed.help ? 1 : 2, groupHelp(session.program, group));
    return 0;
  }
  const entry = findIn(group, verb);
  if (!entry) return unknown(session.program, `${path} ${verb}`, path);
  return runCommand(session, entry, `${path} ${entry.name}`, rest);
}

function unknown(program: string, path: string, group?: string): never {
  const usage = group ? `Usage:  ${group}\n\n` : '';
  throw new StatusError(
    `${program}: unknown command: ${path}\n\n${usage}Run '${group ?? program} --help' for more information`,
    1,
  );
}

async function runCommand(session: Session, entry: Entry, path: string, words: string[]): Promise<number> {
  const { command } = await entry.load();
  const usage = useLine(path, command);
  const parsed = tryParse(() => parseFlags(command.flags, words, command.stopsAtOperand), usage, path);
  if (parsed.help) {
    if (parsed.shortHelp) writeAll(1, 'Flag shorthand -h has been deprecated, use --help\n');
    writeAll(1, commandHelp(session.program, path, entry, command, columns()));
    return 0;
  }
  for (const notice of parsed.notices) writeAll(1, `${notice}\n`);
  checkOperands(session.program, path, command, parsed.operands.length);
  return command.run(session, { flags: parsed.values, operands: parsed.operands, path });
}

function tryParse(parse: () => ParsedWords, usage: string, path: string): ParsedWords {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof FlagError)) throw error;
    throw new StatusError(`${error.message}\n\nUsage:  ${usage}\n\nRun '${path} --help' for more information`, 125);
  }
}

function checkOperands(program: string, path: string, command: Command, count: number): void {
  const { least, most } = command.operands;
  if (count >= least && count <= most) return;
  const many = (n: number) => `${n} argument${n === 1 ? '' : 's'}`;
  let what = `requires ${many(least)}`;
  if (most === 0) what = 'accepts no arguments';
  else if (most === Number.POSITIVE_INFINITY) what = `requires at least ${many(least)}`;
  else if (most > least) what = `requires ${least > 0 ? `at least ${least} and ` : ''}at most ${many(most)}`;
  const verb = most === Number.POSITIVE_INFINITY ? 'See' : 'Run';
  const usage = `Usage:  ${useLine(path, command)}`;
  throw new StatusError(
    `${program}: '${path}' ${what}\n\n${usage}\n\n${verb} '${path} --help' for more information`,
    1,
  );
}

// Help is wrapped one column short of the terminal's width, as Docker's is; 80 when there is no terminal.
function columns(): number {
  return (process.stdout.isTTY ? process.stdout.columns || 80 : 80) - 1;
}
