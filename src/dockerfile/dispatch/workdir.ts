import { goQuote } from '#template/quote';
import type { InstructionOf } from '../ast.ts';
import { lookupIn } from '../expand/lookup.ts';
import type { DispatchContext, PlannedInstruction } from './context.ts';
import { resolvePath } from './paths.ts';
import type { StageState } from './stage-state.ts';
import type { StepTitles } from './title.ts';
import { titleText } from './title.ts';

export function setWorkdir(
  state: StageState,
  context: DispatchContext,
  { instruction, isOnBuild }: PlannedInstruction & { readonly instruction: InstructionOf<'WORKDIR'> },
  titles: StepTitles,
): void {
  const { lines, path: written, code } = instruction;
  if (!state.hasWorkdir && !written.startsWith('/')) {
    const detail = `Relative workdir ${goQuote(written)} can have unexpected results if the base image changes`;
    context.report({ rule: 'WorkdirRelativePath', lines, detail });
  }
  state.hasWorkdir = true;
  const path = resolvePath(state.config.WorkingDir, written);
  state.config = { ...state.config, WorkingDir: path };
  const hasLayer = path !== '/';
  if (hasLayer) {
    const shown = titleText(code, lookupIn(state.env), { escape: context.escapeToken });
    const effect = { kind: 'workdir' as const, path, user: state.config.User };
    state.steps.push({ instruction, lines, effect, title: titles.next(shown, isOnBuild) });
  }
  state.record(`WORKDIR ${path}`, hasLayer);
}
