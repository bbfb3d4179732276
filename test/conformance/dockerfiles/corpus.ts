import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/** A Dockerfile of the corpus and what it is built with. */
export interface DockerfileCase {
  readonly name: string;
  readonly text: string;
  readonly args: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly target: string;
  /** The .dockerignore. */
  readonly ignore: string;
  /** False: what the engine answers to this call depends on more than the Dockerfile. */
  readonly check: boolean;
  readonly outline: boolean;
  readonly build: boolean;
}

/** What the engine says of a Dockerfile, in short. Lines are those that it blames. */
export interface DockerfileFact {
  readonly check?: CheckFact;
  readonly outline?: object | ErrorFact;
  readonly targets?: object | ErrorFact;
  readonly build?: ImageFact | ErrorFact;
  /** The text forms of the calls. */
  readonly texts?: TextFacts;
}

export interface CheckFact {
  readonly warnings: readonly (readonly [rule: string, detail: string, lines: readonly number[]])[];
  readonly error?: readonly [message: string, lines: readonly number[]];
}

export interface TextFacts {
  readonly check: string;
  readonly outline: string;
  readonly targets: string;
}

export interface ErrorFact {
  readonly error: string;
  /** The lines of the Dockerfile as they are shown with the error. */
  readonly excerpt: string;
}

export interface ImageFact {
  readonly author: string;
  readonly config: object;
  readonly history: readonly string[];
  /** Titles of the steps in order of their letters: `[build 2/5] RUN make`. */
  readonly steps: readonly string[];
}

export interface Facts {
  /** Description and page of the rules that were met. */
  readonly rules: Readonly<Record<string, readonly [description: string, url: string]>>;
  readonly base: { readonly config: object; readonly history: readonly string[] };
  readonly cases: Readonly<Record<string, DockerfileFact>>;
}

/** What every build context holds. */
export const CONTEXT_FILES: Readonly<Record<string, string>> = { 'a.txt': 'a\n', 'dir/b.txt': 'b\n' };

/** Whose calls are compared in their text forms too. */
export const HAS_TEXTS = /^whole|outline|descri/;

const HEADING = /^=== (.*?)(?: (\{.*\}))?$/;

/** The cases of the text files beside this one: a heading `=== name {options}`, then the Dockerfile. */
export function readCases(): DockerfileCase[] {
  return globSync('*.txt', { cwd: import.meta.dirname })
    .sort()
    .flatMap(readFile);
}

function readFile(file: string): DockerfileCase[] {
  const cases: { name: string; options: Record<string, unknown>; lines: string[] }[] = [];
  for (const line of readFileSync(join(import.meta.dirname, file), 'utf8')
    .replace(/\n$/, '')
    .split('\n')) {
    const [heading, name, options = '{}'] = HEADING.exec(line) ?? [];
    if (heading === undefined) cases.at(-1)!.lines.push(line);
    else cases.push({ name: `${basename(file, '.txt')}: ${name}`, options: JSON.parse(options), lines: [] });
  }
  return cases.map(({ name, options: { crlf, ...options }, lines }) => {
    const text = lines.map((line) => line + (crlf ? '\r\n' : '\n')).join('');
    const defaults = { args: {}, labels: {}, target: '', ignore: '', check: true, outline: true, build: true };
    return { name, text, ...defaults, ...options };
  });
}
