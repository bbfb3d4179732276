import type { Platform } from '#oci';
import type { Instruction, Stage } from '../ast.ts';
import type { PlannedInstruction } from '../dispatch/context.ts';
import type { StageState } from '../dispatch/stage-state.ts';
import type { Lines } from '../location.ts';

/** What a stage begins with, when that is not another stage. */
export type Root =
  | { readonly kind: 'scratch' }
  | { readonly kind: 'image'; readonly reference: string; readonly platform: Platform; readonly isEmpty: boolean }
  | { readonly kind: 'context'; readonly key: string };

/** A stage on its way through a plan; implicit ones stand for what `--from` names outside of the Dockerfile. */
export interface StageNode {
  readonly index: number;
  readonly stage: Pick<Stage, 'name' | 'lines' | 'comment' | 'instructions'>;
  readonly isImplicit: boolean;
  /** With its variables expanded. */
  readonly baseName: string;
  readonly platform?: Platform;
  /** The stage that it is built on. */
  readonly base?: StageNode;
  /** The whole stage is replaced by this context. */
  readonly replacedBy?: string;
  title: string;
  commands: PlannedInstruction[];
  readonly dependencies: Map<StageNode, Instruction>;
  readonly usedArgs: ReadonlySet<string>;
  root?: Root;
  state?: StageState;
  hasTriggers: boolean;
  isApplied: boolean;
}

/** Stages that a stage needs, itself included. */
export function reachableFrom(target: StageNode): Set<StageNode> {
  const reachable = new Set([target]);
  for (const node of reachable) {
    if (node.base) reachable.add(node.base);
    for (const other of node.dependencies.keys()) reachable.add(other);
  }
  return reachable;
}

/** The instructions that make stages need each other in a circle. */
export function findCircle(nodes: readonly StageNode[]): { node: StageNode; lines: Lines[] } | undefined {
  const visited = new Set<StageNode>();
  const path = new Set<StageNode>();
  const visit = (node: StageNode, blamed: readonly Lines[]): Lines[] | undefined => {
    if (visited.has(node)) return undefined;
    visited.add(node);
    path.add(node);
    for (const [other, { lines }] of node.dependencies) {
      const next = [...blamed, lines];
      if (path.has(other)) return next;
      const found = visit(other, next);
      if (found) return found;
    }
    path.delete(node);
    return undefined;
  };
  for (const node of nodes) {
    const lines = visit(node, []);
    if (lines) return { node, lines };
  }
  return undefined;
}
