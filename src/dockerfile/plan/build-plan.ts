import { EngineError } from '#errdefs';
import type { ImageConfig, Platform } from '#oci';
import { canonicalString, formatPlatform, parseReference, withDefaultTag } from '#oci';
import { goQuote } from '#template/quote';
import type { Dockerfile } from '../ast.ts';
import { StageState } from '../dispatch/stage-state.ts';
import { DockerfileError } from '../dockerfile-error.ts';
import type { Report } from '../finding.ts';
import { checkCasing, checkDefaultBases, checkStageNames } from '../lint/check-stages.ts';
import type { Findings } from '../lint/findings.ts';
import { parseTrigger } from '../parse/parse.ts';
import { suggest, withSuggestion } from '../suggest.ts';
import type { Stages } from './arrange.ts';
import { arrange, NOWHERE } from './arrange.ts';
import type { Variables } from './global-args.ts';
import { globalArgs, platformArgs } from './global-args.ts';
import { COMMON_IMAGES, contextFor } from './names.ts';
import type { PlanOptions } from './options.ts';
import type { StageNode } from './stage-node.ts';
import { findCircle, reachableFrom } from './stage-node.ts';

/** An image or context whose config the plan needs before it can go on. */
export interface WantedBase {
  /** Number of the stage that begins with it. */
  readonly index: number;
  readonly kind: 'image' | 'context';
  /** `docker.io/library/busybox:latest`, or the context's key. */
  readonly reference: string;
  readonly platform: Platform;
}

/** What was found for a {@link WantedBase}. */
export interface FoundBase {
  /** Absent for files that are no image. */
  readonly image?: ImageConfig;
  /** With its digest, if it has one. */
  readonly reference?: string;
}

/**
 * From a Dockerfile to the stages of a build. First bases are asked for and given until none is wanted any more (triggers
 * of images may want further ones), then `applyPlan` applies the instructions. Throws Docker's texts.
 */
export class BuildPlan {
  readonly dockerfile: Dockerfile;
  readonly options: PlanOptions;
  readonly findings: Findings;
  readonly report: Report;
  readonly stages: Stages;
  readonly target: StageNode;
  readonly globalArgs: Variables;
  readonly targetPlatform: Platform;
  readonly #globalInfo: ReturnType<typeof globalArgs>['args'];
  readonly #references = new Map<StageNode, string>();

  constructor(dockerfile: Dockerfile, options: PlanOptions, findings: Findings) {
    const { report } = findings;
    this.findings = findings;
    this.dockerfile = dockerfile;
    this.options = options;
    this.report = report;
    this.targetPlatform = options.targetPlatform ?? options.buildPlatform;
    const { stages: written } = dockerfile;
    if (written.length === 0) throw new DockerfileError('dockerfile contains no stages to build');
    checkStageNames(written, report);
    checkCasing(dockerfile, report);
    const { values, args } = this.#globals();
    this.globalArgs = values;
    this.#globalInfo = args;
    const known = new Set([...args.keys(), ...values.keys()]);
    const { contexts } = options;
    const { targetPlatform } = this;
    this.stages = arrange(dockerfile, { values, known, targetPlatform, report, ...(contexts && { contexts }) });
    this.target = this.#findTarget();
    for (const node of [...this.stages.nodes]) {
      node.commands = node.stage.instructions.map((instruction) => this.stages.connect(node, instruction));
    }
    const circle = findCircle(this.stages.nodes);
    if (circle) {
      throw new DockerfileError(`circular dependency detected on stage: ${circle.node.title}`, circle.lines);
    }
    if (this.stages.nodes.length === 1) this.stages.nodes[0]!.title = '';
  }

  get globalInfo(): ReturnType<typeof globalArgs>['args'] {
    return this.#globalInfo;
  }

  #globals(): ReturnType<typeof globalArgs> {
    const { dockerfile, options, report } = this;
    const given = options.buildArgs ?? new Map();
    const name = options.target || dockerfile.stages.at(-1)!.name;
    const before = platformArgs({ build: options.buildPlatform, target: this.targetPlatform }, name, given);
    const read = (values: Variables) => globalArgs(before, dockerfile.globalArgs, values, dockerfile.escapeToken);
    try {
      const { values } = read(new Map());
      checkDefaultBases(dockerfile.stages, values, dockerfile.escapeToken, report);
    } catch (error) {
      // What is wrong is said below, or is right with the build arguments that are given.
      if (!(error instanceof DockerfileError)) throw error;
    }
    return read(given);
  }

  #findTarget(): StageNode {
    const { target } = this.options;
    if (!target) return this.stages.nodes.at(-1)!;
    const found = this.stages.named(target);
    if (found) return found;
    throw new DockerfileError(
      withSuggestion(`target stage ${goQuote(target)} could not be found`, target, this.stages.names()),
    );
  }

  /** Stages that will be applied. */
  reachable(): readonly StageNode[] {
    const reachable = reachableFrom(this.target);
    return this.options.allStages ? this.stages.nodes : this.stages.nodes.filter((node) => reachable.has(node));
  }

  /** The bases that are not known yet; when there are none, the plan is complete. */
  wanted(): WantedBase[] {
    for (;;) {
      const wanted = this.reachable().flatMap((node) => this.#wantedBy(node) ?? []);
      for (const node of this.stages.nodes) if (!node.base && !node.root) this.#referenceOf(node);
      if (wanted.length > 0 || !this.#addTriggers()) return wanted;
    }
  }

  #wantedBy(node: StageNode): WantedBase | undefined {
    if (node.base || node.root) return undefined;
    const platform = node.platform ?? this.targetPlatform;
    const { index } = node;
    if (node.replacedBy !== undefined) return { index, kind: 'context', reference: node.replacedBy, platform };
    if (node.baseName === 'scratch') {
      node.root = { kind: 'scratch' };
      node.state = StageState.scratch(this.targetPlatform);
      return undefined;
    }
    const reference = this.#referenceOf(node);
    const key = contextFor(reference, this.options.contexts, platform);
    return { index, kind: key === undefined ? 'image' : 'context', reference: key ?? reference, platform };
  }

  /** The full name of a base image. A malformed one is refused even where nobody needs the stage. */
  #referenceOf(node: StageNode): string {
    const known = this.#references.get(node);
    if (known !== undefined || node.baseName === 'scratch') return known ?? 'scratch';
    try {
      const reference = canonicalString(withDefaultTag(parseReference(node.baseName)));
      this.#references.set(node, reference);
      return reference;
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      const message = `failed to parse stage name ${goQuote(node.baseName)}: ${error.message}`;
      throw new DockerfileError(message, node.stage.lines === NOWHERE ? [] : [node.stage.lines]);
    }
  }

  /** Gives a base. */
  found(wanted: WantedBase, base: FoundBase): void {
    const node = this.stages.nodes[wanted.index]!;
    const { image } = base;
    const state = image ? new StageState(wanted.platform) : StageState.scratch(wanted.platform);
    if (image) {
      state.author = image.author;
      state.config = image.config;
      state.history = image.history;
      state.imagePlatform = image;
    }
    node.state = state;
    if (wanted.kind === 'context') {
      node.root = { kind: 'context', key: wanted.reference };
      return;
    }
    const reference = base.reference ?? wanted.reference;
    const isEmpty = image?.diffIds.length === 0 && image.history.every(({ empty_layer }) => empty_layer);
    node.root = { kind: 'image', reference, platform: wanted.platform, isEmpty };
    if (image) this.#checkPlatform(node, wanted, image);
  }

  #checkPlatform(node: StageNode, { platform: expected }: WantedBase, image: ImageConfig): void {
    if (expected.os === image.os && expected.architecture === image.architecture) return;
    const detail = `Base image ${node.baseName} was pulled with platform "${formatPlatform(image)}", expected "${formatPlatform(expected)}" for current build`;
    this.report({ rule: 'InvalidBaseImagePlatform', lines: node.stage.lines, detail });
  }

  /** The refusal of a build whose base could not be had, with the name that may have been meant. */
  notFound(wanted: WantedBase, reason: string): DockerfileError {
    const { baseName, stage } = this.stages.nodes[wanted.index]!;
    const match = suggest(baseName, [...this.stages.names(), ...COMMON_IMAGES]);
    const hint = match === undefined ? '' : ` (did you mean ${match}?)`;
    return new DockerfileError(`${baseName}: ${reason}${hint}`, stage.lines === NOWHERE ? [] : [stage.lines]);
  }

  /** Puts the triggers of bases in front of instructions; whether they brought new dependencies. */
  #addTriggers(): boolean {
    let hasNew = false;
    for (const node of this.reachable()) {
      if (node.hasTriggers || node.replacedBy !== undefined) continue;
      node.hasTriggers = true;
      const own = node.base ? triggersOf(node.base) : (node.state?.config.OnBuild ?? []);
      const { lines } = node.stage;
      const planned = own.map((trigger) => this.stages.connect(node, parseTrigger(trigger, lines), true));
      node.commands = [...planned, ...node.commands];
      if (node.state) node.state.config = { ...node.state.config, OnBuild: null };
      hasNew ||= planned.some(({ origins }) => origins.length > 0);
    }
    return hasNew;
  }
}

function triggersOf(base: StageNode): string[] {
  return base.commands.flatMap(({ instruction }) => (instruction.kind === 'ONBUILD' ? [instruction.trigger] : []));
}
