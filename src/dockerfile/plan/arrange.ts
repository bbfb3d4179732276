import { EngineError } from '#errdefs';
import type { Platform } from '#oci';
import { formatPlatform } from '#oci';
import type { Dockerfile, Instruction, Stage } from '../ast.ts';
import type { PlannedInstruction } from '../dispatch/context.ts';
import type { Origin } from '../dispatch/result.ts';
import { blaming, DockerfileError, refuse } from '../dockerfile-error.ts';
import { expandWord } from '../expand/lex.ts';
import { lookupIn, NOTHING_SET } from '../expand/lookup.ts';
import type { Report } from '../finding.ts';
import { checkDeclared, checkPlatform } from '../lint/check-stages.ts';
import { withSuggestion } from '../suggest.ts';
import type { Variables } from './global-args.ts';
import { contextFor, parseFromPlatform } from './names.ts';
import type { StageNode } from './stage-node.ts';

/** The stages of a Dockerfile by number and by name, and those that its instructions name besides. */
export class Stages {
  readonly nodes: StageNode[] = [];
  readonly #byName = new Map<string, StageNode>();

  add(node: Omit<StageNode, 'index' | 'base'>): StageNode {
    const base = node.replacedBy === undefined ? this.#byName.get(node.baseName) : undefined;
    const added: StageNode = { ...node, index: this.nodes.length, ...(base && { base }) };
    this.nodes.push(added);
    if (node.stage.name !== '') this.#byName.set(node.stage.name, added);
    return added;
  }

  named(name: string): StageNode | undefined {
    return this.#byName.get(name.toLowerCase());
  }

  names(): string[] {
    return this.nodes.map(({ title }) => title).filter((title) => title !== '');
  }

  /** Gives an instruction its origins; what it names outside of the Dockerfile becomes an implicit stage. */
  connect(node: StageNode, instruction: Instruction, isOnBuild = false): PlannedInstruction {
    const sources = this.#sourcesOf(instruction);
    for (const source of sources) if (source) node.dependencies.set(source, instruction);
    const origins = sources.map((source, i): Origin | undefined => {
      const isOwn = instruction.kind !== 'RUN' || instruction.mounts[i]!.from !== '';
      return source && isOwn ? { kind: 'stage', index: source.index } : undefined;
    });
    return { instruction, isOnBuild, origins };
  }

  #sourcesOf(instruction: Instruction): StageNode[] {
    if (instruction.kind === 'RUN') {
      return instruction.mounts.map(({ from }) => {
        const name = from || 'scratch';
        return this.named(name) ?? this.#implicit(name, { ...instruction, lines: undefined });
      });
    }
    if (instruction.kind !== 'COPY' || instruction.from === '') return [];
    const { from } = instruction;
    if (expandWord(from, NOTHING_SET).text !== from) {
      refuse(
        'variable expansion is not supported for --from, define a new stage with FROM using ARG from global scope as a workaround',
      );
    }
    if (!/^[+-]?\d+$/.test(from)) return [this.named(from) ?? this.#implicit(from, instruction)];
    return [this.nodes[Number(from)] ?? refuse(`invalid stage index ${Number(from)}`)];
  }

  #implicit(name: string, { lines }: { lines?: Instruction['lines'] | undefined }): StageNode {
    return this.add({
      ...EMPTY,
      dependencies: new Map(),
      stage: { name: '', lines: lines ?? NOWHERE, comment: '', instructions: [] },
      isImplicit: true,
      baseName: name,
    });
  }
}

/** An implicit stage of a mount has no line that could be blamed. */
export const NOWHERE = { first: 0, last: 0 };

const EMPTY = { title: '', commands: [], usedArgs: new Set<string>(), hasTriggers: false, isApplied: false };

interface Surroundings {
  readonly values: Variables;
  /** Names that FROM may use. */
  readonly known: ReadonlySet<string>;
  readonly contexts?: ReadonlySet<string>;
  readonly targetPlatform: Platform;
  readonly report: Report;
}

/** The stages of a Dockerfile with the variables of their FROM lines expanded. */
export function arrange({ stages: written, escapeToken }: Dockerfile, surroundings: Surroundings): Stages {
  const stages = new Stages();
  const { values, known, report } = surroundings;
  const expand = (word: string) => expandWord(word, lookupIn(values), { escape: escapeToken });
  for (const [i, stage] of written.entries()) {
    const { lines } = stage;
    const base = blaming(lines, () => expand(stage.base));
    checkDeclared(base.unmatched, known, lines, report);
    if (base.text === '') throw new DockerfileError(`base name (${stage.base}) should not be blank`, [lines]);
    const expanded = stage.platform === '' ? undefined : platformExpansion(stage, expand);
    const platform = expanded && platformFor(stage, expanded, surroundings);
    const context = stage.name === '' ? undefined : contextOf(stage.name, platform, surroundings);
    stages.add({
      ...EMPTY,
      stage,
      isImplicit: false,
      baseName: base.text,
      title: stage.name || `stage-${i}`,
      dependencies: new Map(),
      usedArgs: new Set([...base.matched, ...(expanded?.matched ?? [])]),
      ...(platform && { platform }),
      ...(context !== undefined && { replacedBy: context }),
    });
  }
  return stages;
}

function contextOf(name: string, platform: Platform | undefined, { contexts, targetPlatform }: Surroundings) {
  return contextFor(name, contexts, platform ?? targetPlatform);
}

function platformExpansion(stage: Stage, expand: (word: string) => ReturnType<typeof expandWord>) {
  return blaming(
    stage.lines,
    () => expand(stage.platform),
    (message) => `failed to process arguments for platform : ${message}`,
  );
}

function platformFor(
  stage: Stage,
  expanded: ReturnType<typeof expandWord>,
  { values, known, targetPlatform, report }: Surroundings,
): Platform {
  const { lines, platform: written } = stage;
  checkDeclared(expanded.unmatched, known, lines, report);
  checkPlatform(stage, expanded, values.get('TARGETPLATFORM') ?? formatPlatform(targetPlatform), report);
  const hinted = (message: string) => {
    const names = [...expanded.unmatched].map((name) => withSuggestion(message, name, values.keys()));
    return names.find((text) => text !== message) ?? message;
  };
  if (expanded.text === '') {
    throw new DockerfileError(hinted(`empty platform value from expression ${written}`), [lines]);
  }
  try {
    return parseFromPlatform(expanded.text);
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    throw new DockerfileError(`failed to parse platform ${written}: ${hinted(error.message)}`, [lines, lines]);
  }
}
