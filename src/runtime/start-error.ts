import { getSystemErrorMap } from 'node:util';

/** A process that could not be run, as far as the runtime's text needs it to be told in Docker's words. */
export interface Attempt {
  readonly args: readonly string[];
  readonly cwd: string;
}

const NO_SUCH = 'no such file or directory';

/** Docker's text for a container that the runtime could not start; clients and exit codes (126, 127) hang on the words. */
export function startErrorText(log: string, attempt: Attempt): string {
  const cause = runtimeMessage(log);
  const known = translate(cause, attempt);
  const during = known?.startsWith('chdir') ? '' : 'error during container init: ';
  return known
    ? `failed to create task for container: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: ${during}${known}`
    : `failed to create task for container: failed to create shim task: OCI runtime create failed: ${cause}`;
}

/** The same for an exec. */
export function execErrorText(log: string, attempt: Attempt): string {
  const cause = runtimeMessage(log);
  const known = translate(cause, attempt);
  return known
    ? `OCI runtime exec failed: exec failed: unable to start container process: ${known}`
    : `OCI runtime exec failed: ${cause}`;
}

/** The last error in a runtime's JSON log; what is not JSON is taken as it is. */
export function runtimeMessage(log: string): string {
  const messages = log
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map(parseLine)
    .filter(({ level }) => level === 'error');
  return messages.at(-1)?.msg ?? 'the runtime failed without a word';
}

function parseLine(line: string): { level: string; msg: string } {
  try {
    const { level, msg } = JSON.parse(line) as { level?: unknown; msg?: unknown };
    return { level: String(level ?? 'error'), msg: String(msg) };
  } catch {
    return { level: 'error', msg: line };
  }
}

/** crun's message in runc's words; undefined: not one that clients look at, or runc's already. */
function translate(cause: string, { args, cwd }: Attempt): string | undefined {
  const program = args[0] ?? '';
  const missing = /^executable file `(.*)` not found in \$PATH/s.exec(cause);
  if (missing) return notFound(missing[1]!);
  const open = /^(?:open executable|exec(?:v?e)? ?(?:`.*`)?): (.*)$/s.exec(cause);
  if (open) return cannotExecute(program, open[1]!.toLowerCase());
  const chdir = /^chdir `(.*)`: (.*)$/s.exec(cause);
  if (chdir) return `chdir to cwd ("${chdir[1] || cwd}") set in config.json failed: ${chdir[2]!.toLowerCase()}`;
  const mount = /^(?:mount|bind mount) `(.*)` to `(.*)`: (.*)$/s.exec(cause);
  if (mount) return cannotMount(mount[1]!, mount[2]!, mount[3]!.toLowerCase());
  const profile = /^write file `\/proc\/.*\/attr\/(?:apparmor\/)?exec`: (.*)$/s.exec(cause);
  if (profile) return cannotConfine(profile[1]!.toLowerCase());
  return undefined;
}

function cannotConfine(reason: string): string {
  const what = 'unable to apply apparmor profile: apparmor failed to apply profile';
  return `${what}: write /proc/self/attr/apparmor/exec: ${reason}`;
}

function notFound(program: string): string {
  return program.includes('/')
    ? `exec: "${program}": stat ${program}: ${NO_SUCH}`
    : `exec: "${program}": executable file not found in $PATH`;
}

/** crun says EPERM for what is not a regular file. */
function cannotExecute(program: string, reason: string): string {
  if (reason === 'operation not permitted') return `exec: "${program}": is a directory: permission denied`;
  return reason === 'not a directory' || reason === NO_SUCH
    ? `exec: "${program}": stat ${program}: ${reason}`
    : `exec: "${program}": ${reason}`;
}

function cannotMount(source: string, target: string, reason: string): string {
  const place = target.startsWith('/') ? target : `/${target}`;
  return `error mounting "${source}" to rootfs at "${place}": mount src=${source}, dst=${place}: ${reason}`;
}

/** The kernel's words for an error number, as Go has them: `address already in use`. */
export function errnoText(errno: number): string {
  return getSystemErrorMap().get(-errno)?.[1] ?? `errno ${errno}`;
}
