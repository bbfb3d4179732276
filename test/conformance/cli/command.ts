import { spawn } from 'node:child_process';
import { normaliseText } from './normalise-text.ts';

/** One command line, without the program's name; words are split as a shell splits them, with '…' as the only quotes. */
export interface Step {
  /** `{begin}` stands for the time the case began, `{now}` for the present, `{registry}` for one that is there. */
  readonly line: string;
  readonly stdin?: string;
  /** The input is sent when this has been written. */
  readonly after?: string;
  /** Runs under a terminal of its own (script(1)). */
  readonly tty?: boolean;
  /** Texts that are not compared, each with the reason. */
  readonly hide?: readonly (readonly [RegExp, string])[];
  /** What Gantry's daemon makes of it where it differs on purpose. */
  readonly ours?: { readonly why: string } & Partial<Outcome>;
  /** Repeats the line until the output has this, at most 10 s. */
  readonly until?: RegExp;
}

export interface CliCase {
  readonly name: string;
  readonly steps: readonly Step[];
  /** Containers to remove before and afterwards. */
  readonly removes?: readonly string[];
  /** Paths of the API to delete afterwards: volumes, images. */
  readonly deletes?: readonly string[];
  /** Why only docker's own CLI is asked: Gantry's does not have the command. */
  readonly dockerOnly?: string;
}

/** What is remembered of one line. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliFact extends Outcome {
  readonly line: string;
}

/** How the lines are run. */
export interface Place {
  readonly program: string;
  readonly env: Readonly<Record<string, string>>;
  /** Where the files are that lines name. */
  readonly folder: string;
  /** Host and port of a registry that the daemon reaches. */
  readonly registry?: string;
}

const LIMIT_MS = 30_000;

/** Words of a line: blanks separate, single quotes join. */
export function words(line: string): string[] {
  return [...line.matchAll(/(?:'[^']*'|[^\s'])+/g)].map(([word]) => word.replaceAll("'", ''));
}

/** Runs a line and returns its outcome, what is chance in it replaced. */
export async function run(step: Step, begin: string, place: Place): Promise<CliFact> {
  const last = Date.now() + 10_000;
  for (;;) {
    const { code, stdout, stderr } = await once(step, begin, place);
    if (step.until && !step.until.test(stdout) && Date.now() < last) {
      await new Promise((wake) => setTimeout(wake, 100));
      continue;
    }
    const here = place.registry ?? 'no registry';
    const shown = (text: string) => normaliseText(hidden(text.replaceAll(here, '<registry>'), step));
    return { line: step.line, code, stdout: shown(stdout), stderr: shown(stderr) };
  }
}

function hidden(text: string, { hide = [] }: Step): string {
  return hide.reduce((out, [pattern]) => out.replace(pattern, '<hidden>'), text);
}

function once(step: Step, begin: string, { program, env, folder, registry = '' }: Place): Promise<Outcome> {
  const now = String((Date.now() + 2) / 1000);
  const argv = words(
    step.line.replaceAll('{begin}', begin).replaceAll('{now}', now).replaceAll('{registry}', registry),
  );
  const [command, args] = step.tty ? ['script', ['-qec', quoted([program, ...argv]), '/dev/null']] : [program, argv];
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env, cwd: folder, stdio: 'pipe' });
    const timer = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS);
    let [stdout, stderr] = ['', ''];
    let isFed = false;
    const feed = () => {
      if (isFed || (step.after && !stdout.includes(step.after))) return;
      isFed = true;
      child.stdin.write(step.stdin ?? '');
      // The end of its input would end script(1) and the terminal with it.
      if (!step.tty) child.stdin.end();
    };
    child.stdin.on('error', () => {});
    child.on('spawn', feed);
    child.stdout.on('data', (chunk) => {
      stdout += String(chunk);
      feed();
    });
    child.stderr.on('data', (chunk) => (stderr += String(chunk)));
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      if (signal) reject(new Error(`${step.line}: no end within ${LIMIT_MS} ms\n${stdout}\n${stderr}`));
      else resolve({ code: code!, stdout, stderr });
    });
  });
}

function quoted(argv: readonly string[]): string {
  return argv.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
}
