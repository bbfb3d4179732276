import type { InstructionKind, InstructionOf } from '../ast.ts';
import { blaming } from '../dockerfile-error.ts';
import { expandInstruction } from '../expand/expand-instruction.ts';
import { defineArgs } from './arg.ts';
import type { DispatchContext, PlannedInstruction } from './context.ts';
import { expandIn } from './context.ts';
import { addCopy } from './copy.ts';
import {
  addTrigger,
  setCommand,
  setHealth,
  setMaintainer,
  setPairs,
  setShell,
  setStopSignal,
  setUser,
  setVolumes,
} from './metadata.ts';
import { setPorts } from './ports.ts';
import { addRun } from './run.ts';
import type { StageState } from './stage-state.ts';
import type { StepTitles } from './title.ts';
import { setWorkdir } from './workdir.ts';

/** Applies one instruction to a stage; throws Docker's text with its lines. */
export function applyInstruction(
  state: StageState,
  context: DispatchContext,
  planned: PlannedInstruction,
  titles: StepTitles,
): void {
  blaming(planned.instruction.lines, () => {
    const expanders = expandIn(state, context, planned.instruction);
    const instruction = expandInstruction(planned.instruction, expanders);
    const applier = APPLIERS[instruction.kind] as (application: Application<InstructionKind>) => void;
    applier({ state, context, titles, planned: { ...planned, instruction } });
  });
}

/** What an instruction of one kind is applied with. */
interface Application<K extends InstructionKind> {
  readonly state: StageState;
  readonly context: DispatchContext;
  readonly titles: StepTitles;
  readonly planned: PlannedInstruction & { readonly instruction: InstructionOf<K> };
}

type Appliers = { readonly [K in InstructionKind]: (application: Application<K>) => void };

const APPLIERS: Appliers = {
  ADD: ({ state, context, planned, titles }) => addCopy(state, context, planned, titles),
  ARG: ({ state, context, planned }) => defineArgs(state, context, planned.instruction),
  CMD: ({ state, context, planned }) => setCommand(state, context, planned.instruction),
  COPY: ({ state, context, planned, titles }) => addCopy(state, context, planned, titles),
  ENTRYPOINT: ({ state, context, planned }) => setCommand(state, context, planned.instruction),
  ENV: ({ state, context, planned }) => setPairs(state, context, planned.instruction),
  EXPOSE: ({ state, context, planned }) => setPorts(state, context, planned.instruction),
  HEALTHCHECK: ({ state, context, planned }) => setHealth(state, context, planned.instruction),
  LABEL: ({ state, context, planned }) => setPairs(state, context, planned.instruction),
  MAINTAINER: ({ state, planned }) => setMaintainer(state, planned.instruction),
  ONBUILD: ({ state, planned }) => addTrigger(state, planned.instruction),
  RUN: ({ state, context, planned, titles }) => addRun(state, context, planned, titles),
  SHELL: ({ state, planned }) => setShell(state, planned.instruction),
  STOPSIGNAL: ({ state, planned }) => setStopSignal(state, planned.instruction),
  USER: ({ state, planned }) => setUser(state, planned.instruction),
  VOLUME: ({ state, planned }) => setVolumes(state, planned.instruction),
  WORKDIR: ({ state, context, planned, titles }) => setWorkdir(state, context, planned, titles),
};
