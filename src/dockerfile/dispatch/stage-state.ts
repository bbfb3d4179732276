import type { HistoryEntry, ImageRunConfig, Platform } from '#oci';
import { emptyRunConfig } from '#oci';
import type { ArgDefinition, Instruction } from '../ast.ts';
import type { Lines } from '../location.ts';
import { OutlineCapture } from './outline-capture.ts';
import { resolvePath } from './paths.ts';
import type { Step } from './result.ts';

const DEFAULT_PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const HISTORY_COMMENT = 'buildkit.dockerfile.v0';

/** What a stage has become so far. Lives while its instructions are applied. */
export class StageState {
  platform: Platform;
  /** What the image says that it is for. */
  imagePlatform: Platform;
  author = '';
  config: ImageRunConfig = emptyRunConfig();
  history: readonly HistoryEntry[] = [];
  /** The environment of the build: that of the image, and arguments. */
  env: ReadonlyMap<string, string> = new Map();
  buildArgs: readonly ArgDefinition[] = [];
  /** A WORKDIR of this Dockerfile was applied. */
  hasWorkdir = false;
  outline = new OutlineCapture();
  readonly steps: Step[] = [];
  readonly #lastOf = new Map<Instruction['kind'], Lines>();

  constructor(platform: Platform) {
    this.platform = platform;
    this.imagePlatform = platform;
  }

  /** Begins from an empty file system. */
  static scratch(platform: Platform): StageState {
    const state = new StageState(platform);
    state.config = { ...emptyRunConfig(), WorkingDir: '/', Env: [DEFAULT_PATH] };
    return state;
  }

  /** Begins where another stage ended; its triggers are not inherited. */
  inherit(base: StageState): void {
    this.platform = base.platform;
    this.imagePlatform = base.imagePlatform;
    this.author = base.author;
    this.config = { ...base.config, OnBuild: null };
    this.history = base.history;
    this.env = base.env;
    this.buildArgs = base.buildArgs;
    this.hasWorkdir = base.hasWorkdir;
  }

  /** Takes the environment of the image over, with a PATH whatever happens. */
  begin(): void {
    const entries = this.config.Env ?? [];
    const hasPath = entries.some((entry) => entry === 'PATH' || entry.startsWith('PATH='));
    if (!hasPath) this.config = { ...this.config, Env: [...entries, DEFAULT_PATH] };
    for (const entry of this.config.Env ?? []) {
      const at = entry.indexOf('=');
      if (at < 0) this.setVariable(entry, '');
      else this.setVariable(entry.slice(0, at), entry.slice(at + 1));
    }
    if (this.config.WorkingDir) this.config = { ...this.config, WorkingDir: resolvePath('/', this.config.WorkingDir) };
  }

  /** What is set last stands last. */
  setVariable(name: string, value: string): void {
    const env = new Map(this.env);
    env.delete(name);
    this.env = env.set(name, value);
  }

  get workdir(): string {
    return this.config.WorkingDir || '/';
  }

  record(createdBy: string, hasLayer = false): void {
    const entry = { created_by: createdBy, comment: HISTORY_COMMENT, ...(!hasLayer && { empty_layer: true }) };
    this.history = [...this.history, entry];
  }

  /** Notes an instruction of which only the last counts; the one before it, if there was one. */
  replaces(instruction: Instruction): Lines | undefined {
    const before = this.#lastOf.get(instruction.kind);
    this.#lastOf.set(instruction.kind, instruction.lines);
    return before;
  }

  has(kind: Instruction['kind']): boolean {
    return this.#lastOf.has(kind);
  }
}
