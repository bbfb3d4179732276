import { formatPlatform } from '#oci';
import { goQuote } from '#template/quote';
import { applyInstruction } from '../dispatch/apply.ts';
import type { DispatchContext, PlannedInstruction } from '../dispatch/context.ts';
import { OutlineCapture } from '../dispatch/outline-capture.ts';
import type { StageImage, Step } from '../dispatch/result.ts';
import { StageState } from '../dispatch/stage-state.ts';
import { StepTitles } from '../dispatch/title.ts';
import { titlePlatform } from '../dispatch/title-platform.ts';
import { DockerfileError } from '../dockerfile-error.ts';
import type { BuildPlan } from './build-plan.ts';
import type { Root, StageNode } from './stage-node.ts';

/** A stage to build: where it begins, and the steps that make its layers. */
export interface BuildStage {
  /** The number that origins name it by. */
  readonly index: number;
  readonly name: string;
  readonly base: { readonly kind: 'stage'; readonly index: number } | (Root & { readonly title?: string });
  readonly steps: readonly Step[];
  readonly image: StageImage;
  /** Its steps are to be run again. */
  readonly ignoresCache: boolean;
}

export interface BuildGraph {
  /** Those that the target needs, bases before what is built on them. */
  readonly stages: readonly BuildStage[];
  readonly target: BuildStage;
}

/** Applies the instructions of a complete plan. */
export function applyPlan(plan: BuildPlan): BuildGraph {
  const { options, report, dockerfile, globalArgs } = plan;
  const context: DispatchContext = {
    ...{ escapeToken: dockerfile.escapeToken, globalArgs, report, buildArgs: options.buildArgs ?? new Map() },
    ...(options.ignored && { ignored: options.ignored }),
  };
  const nodes = plan.reachable();
  for (const node of nodes) node.isApplied = node.isImplicit || node.replacedBy !== undefined;
  const stages = new Map<StageNode, BuildStage>();
  for (const node of nodes) stages.set(node, applyStage(plan, node, context));
  plan.findings.refuseIfAsked();
  const target = stages.get(plan.target)!;
  return { stages: [...stages.values()], target: withLabels(target, options.labels) };
}

function applyStage(plan: BuildPlan, node: StageNode, context: DispatchContext): BuildStage {
  const state = node.state ?? new StageState(plan.targetPlatform);
  node.state = state;
  if (node.base) state.inherit(node.base.state!);
  state.outline = node.base
    ? new OutlineCapture(node.base.state!.outline)
    : new OutlineCapture({ args: plan.globalInfo });
  for (const name of node.usedArgs) state.outline.usedArgs.add(name);
  state.begin();
  node.isApplied = true;
  let isBegun = false;
  const titles = titlesOf(plan, node, () =>
    isBegun ? titlePlatform(state.platform, state.env) : formatPlatform(state.platform),
  );
  const base = baseOf(node, titles);
  isBegun = true;
  if (node.replacedBy === undefined) {
    for (const planned of node.commands) {
      checkOrigins(plan, node, planned);
      applyInstruction(state, context, planned, titles);
    }
  }
  const { noCache } = plan.options;
  const { name } = node.stage;
  return {
    ...{ index: node.index, name, base, steps: state.steps, image: imageOf(plan, state) },
    ignoresCache: noCache === 'all' || (noCache?.some((one) => one.toLowerCase() === name) ?? false),
  };
}

const COUNTED: readonly string[] = ['ADD', 'COPY', 'RUN', 'WORKDIR'];

function titlesOf({ options }: BuildPlan, node: StageNode, platform: () => string): StepTitles {
  const steps = node.commands.filter(({ instruction, isOnBuild }) => isOnBuild || COUNTED.includes(instruction.kind));
  const total = steps.length + (node.baseName !== 'scratch' && !node.base ? 1 : 0);
  return new StepTitles(node.title, total, options.forSeveralPlatforms ? platform : undefined);
}

function baseOf({ base, root, isImplicit }: StageNode, titles: StepTitles): BuildStage['base'] {
  if (base) return { kind: 'stage', index: base.index };
  if (root?.kind !== 'image' || root.isEmpty) return root ?? { kind: 'scratch' };
  const text = `FROM ${root.reference}`;
  return { ...root, title: isImplicit ? text : titles.next(text) };
}

/** Files can be had of stages that stand before. */
function checkOrigins({ stages }: BuildPlan, node: StageNode, { instruction, origins }: PlannedInstruction): void {
  for (const origin of origins) {
    if (origin?.kind !== 'stage' || stages.nodes[origin.index]!.isApplied) continue;
    throw new DockerfileError(lateMessage(node, instruction, origins.indexOf(origin)), [instruction.lines]);
  }
}

function lateMessage(node: StageNode, instruction: PlannedInstruction['instruction'], i: number): string {
  if (instruction.kind === 'COPY') {
    return `cannot copy from stage ${goQuote(instruction.from)}, it needs to be defined before current stage ${goQuote(node.title)}`;
  }
  const { from = '', text = '' } = instruction.kind === 'RUN' ? instruction.mounts[i]! : {};
  const target = /(?:^|,)(?:target|dst|destination)=([^,]*)/i.exec(text)?.[1] ?? '';
  return `cannot mount from stage ${goQuote(from)} to ${goQuote(target)}, stage needs to be defined before current command`;
}

function imageOf({ options, targetPlatform }: BuildPlan, state: StageState): StageImage {
  const { author, config, history, imagePlatform } = state;
  return { platform: options.targetPlatform ? targetPlatform : imagePlatform, author, config, history };
}

function withLabels(stage: BuildStage, labels: ReadonlyMap<string, string> | undefined): BuildStage {
  if (!labels || labels.size === 0) return stage;
  const Labels = Object.fromEntries([...Object.entries(stage.image.config.Labels ?? {}), ...labels]);
  return { ...stage, image: { ...stage.image, config: { ...stage.image.config, Labels } } };
}
