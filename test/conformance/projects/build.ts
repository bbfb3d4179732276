import { execFile, execFileSync } from 'node:child_process';
import { createWriteStream, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { api } from '../../harness/api.ts';
import { BASE_NAMES, importBases } from './bases.ts';
import type { FailureFact, Project, ProjectFact } from './projects.ts';
import { writeProject } from './projects.ts';

const LISTER = join(import.meta.dirname, 'list-image.py');
const LIMIT_MS = 120_000;

/** A program that builds: `docker buildx build`, `gantry build`. */
export interface Builder {
  readonly socket: string;
  readonly program: string;
  readonly words: readonly string[];
  /** It would fetch the frontend that a Dockerfile names. */
  readonly isOffline: boolean;
}

interface ImageDocument {
  readonly Id: string;
  readonly Config: object;
  readonly Architecture: string;
  readonly Os: string;
  readonly Author: string;
}

/** Builds projects on one engine and says what came of them. */
export class Workshop implements Disposable {
  readonly builder: Builder;
  readonly #folder: string;

  private constructor(builder: Builder, folder: string) {
    this.builder = builder;
    this.#folder = folder;
  }

  /** With the bases imported into the engine. */
  static async open(builder: Builder): Promise<Workshop> {
    const workshop = new Workshop(builder, mkdtempSync(join(tmpdir(), 'gantry-projects-')));
    await importBases(builder.socket);
    for (const base of BASE_NAMES) {
      const saved = await workshop.#save(base);
      execFileSync('python3', [LISTER, '--base', saved, workshop.#baseList(base)]);
      rmSync(saved);
    }
    return workshop;
  }

  /** Builds it as its author would; the image has the project's tag, or this one. */
  async build(project: Project, tag: string): Promise<ProjectFact | FailureFact> {
    const folder = join(this.#folder, 'project');
    mkdirSync(folder);
    try {
      writeProject(project, folder, this.builder.isOffline);
      const { program, words } = this.builder;
      const failure = await this.#run(program, [...words, '-t', tag, ...project.flags, project.context], folder);
      return failure ?? (await this.#observe(project, tag));
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  async #run(program: string, args: readonly string[], cwd: string): Promise<FailureFact | undefined> {
    const env = { ...process.env, DOCKER_HOST: `unix://${this.builder.socket}` };
    const options = { cwd, env, timeout: LIMIT_MS, encoding: 'utf8', maxBuffer: 1 << 26 } as const;
    const [failed, stderr] = await new Promise<[Error | null, string]>((tell) => {
      execFile(program, args, options, (error, _stdout, text) => tell([error, text]));
    });
    if (!failed) return undefined;
    const last = /^(?:ERROR|error): (?:failed to build: )?(?:failed to solve: )?(.*)$/ms.exec(stderr);
    if (!last) throw new Error(stderr);
    return { error: withoutPlaces(last[1]!.trimEnd()) };
  }

  async #observe(project: Project, tag: string): Promise<ProjectFact> {
    const image = (await api(this.builder.socket, 'GET', `/images/${tag}/json`)).body as ImageDocument;
    const layers = (await api(this.builder.socket, 'GET', `/images/${tag}/history`)).body as {
      CreatedBy: string;
      Size: number;
    }[];
    const saved = await this.#save(tag);
    try {
      const base = project.base === '' ? [] : [this.#baseList(project.base)];
      const text = execFileSync('python3', [LISTER, saved, ...base], { encoding: 'utf8', maxBuffer: 1 << 26 });
      const { Config, Architecture, Os, Author } = image;
      return {
        files: (JSON.parse(text) as string[]).map((line) => withoutVaried(line, project.varies)),
        config: { ...Config, Architecture, Os, Author },
        history: layers.map(({ CreatedBy }) => CreatedBy).reverse(),
      };
    } finally {
      rmSync(saved);
    }
  }

  #baseList(base: string): string {
    return join(this.#folder, `${base.replace('/', '-')}.json`);
  }

  async #save(tag: string): Promise<string> {
    const path = join(this.#folder, 'saved.tar');
    await new Promise<void>((resolve, reject) => {
      const outgoing = request({ socketPath: this.builder.socket, path: `/images/${tag}/get`, agent: false });
      outgoing.on('error', reject);
      outgoing.on('response', (response) => pipeline(response, createWriteStream(path)).then(resolve, reject));
      outgoing.end();
    });
    return path;
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true });
  }
}

/** Without what names where an engine keeps its files. */
function withoutPlaces(text: string): string {
  return text.replace(/ of ref \S+:/, ' of ref:').replace(/\/\S+\/merged\//g, '/');
}

/** Without the size and the digest of a file whose bytes are not compared. */
function withoutVaried(line: string, varies: readonly string[]): string {
  const path = line.slice(0, line.indexOf(' '));
  if (!varies.some((pattern) => new RegExp(`^${pattern}$`).test(path))) return line;
  return line.replace(/^(\S+ f \d+ \d+:\d+) \d+ [0-9a-f]{16}/, '$1 varies');
}
